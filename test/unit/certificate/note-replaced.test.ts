import { expect, test } from 'vitest';
import type { CertificateContext } from '../../../src/certificate/context.ts';
import { sayWhatRekeyLeaves, sayWhatReleaseLeaves } from '../../../src/certificate/note-replaced.ts';
import { isLiving, type Living, type World } from '../../../src/certificate/world.ts';
import { originCertificate, targetFacts, withAnnotations, worldOf } from './fixtures.ts';

const REKEY = { annotations: { 'originca.dev/rekey-requested-at': 'now' } };
const FORMER = targetFacts({ name: 'old-tls' });
const ANOTHER = targetFacts({}, { id: '2002' });

/** A world whose object asks for a rekey. */
function world(change: Partial<World> = {}): Living {
  const made = worldOf({ certificate: originCertificate({}, REKEY), ...change });
  if (!isLiving(made)) throw new Error('no object');
  return made;
}

/** The notes of the events that it records. */
function toldBy(say: (context: CertificateContext) => void): string[] {
  const told: string[] = [];
  const record = (_: unknown, { reason, note }: { reason: string; note: string }) =>
    void told.push(`${reason}: ${note}`);
  const log = { info: () => undefined, warn: () => undefined };
  say({ events: { record }, log } as unknown as CertificateContext);
  return told;
}

test('a leaked certificate whose Secret is let go before it was replaced is told', () => {
  const told = toldBy((context) => sayWhatReleaseLeaves(context, world({ target: ANOTHER }), FORMER));
  expect(told).toEqual([expect.stringMatching(/^NotRevoked: Certificate 1001.*Secret old-tls.*dashboard/)]);
});

test('one that was copied to the target is not told: it is replaced there', () => {
  expect(toldBy((context) => sayWhatReleaseLeaves(context, world(), FORMER))).toEqual([]);
});

test('one that the status lists, or that nobody calls leaked, is not told when its Secret is let go', () => {
  const { certificate } = world();
  const superseded = [{ id: '1001', supersededAt: '2026-11-21T12:00:00Z' }];
  const listed = world({ target: ANOTHER, certificate: { ...certificate, status: { superseded } } });
  expect(toldBy((context) => sayWhatReleaseLeaves(context, listed, FORMER))).toEqual([]);
  const calm = world({ target: ANOTHER, certificate: originCertificate() });
  expect(toldBy((context) => sayWhatReleaseLeaves(context, calm, FORMER))).toEqual([]);
});

test("somebody else's leaked certificate is told when it is replaced, also out of a former Secret", () => {
  const theirs = withAnnotations(FORMER, { issuedFor: 'uid-2' });
  const told = toldBy((context) =>
    sayWhatRekeyLeaves(context, world({ target: undefined, formers: [theirs] })),
  );
  expect(told).toEqual([expect.stringMatching(/^NotRevoked: Certificate 1001.*issued for this object/)]);
});
