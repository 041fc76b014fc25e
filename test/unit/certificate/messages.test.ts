import { describe, expect, test } from 'vitest';
import type {
  BadPairReason,
  CertificateReason,
  FailureReason,
  ReissueReason,
} from '../../../src/api/conditions.ts';
import { conditionsOf } from '../../../src/certificate/conditions.ts';
import type { CertificateContext } from '../../../src/certificate/context.ts';
import { decide } from '../../../src/certificate/decide.ts';
import { giveUpLater } from '../../../src/certificate/give-up.ts';
import { accept } from '../../../src/certificate/issue.ts';
import { CertificateMemory } from '../../../src/certificate/memory.ts';
import type { Issuance } from '../../../src/certificate/pending-io.ts';
import { rest } from '../../../src/certificate/rest.ts';
import { search } from '../../../src/certificate/search.ts';
import { isLiving, type World } from '../../../src/certificate/world.ts';
import { TestClock } from '../../support/test-clock.ts';
import { NOW, originCertificate, pendingOf, targetFacts, worldOf } from './fixtures.ts';

const never = new AbortController().signal;

/** Said by others: what is known of the issuer and of the clock, and what Cloudflare and the API server answered. */
type Elsewhere =
  | Exclude<FailureReason, 'SecretImmutable'>
  | 'HostnameNotAllowed'
  | 'IssuerNotFound'
  | 'IssuerNotReady'
  | 'ClockSkew';
/** What a world leads to, which thing its message has to name, and what is to be done. */
type Row = readonly [change: Partial<World>, what: RegExp, remedy: RegExp];

const held = (text: string) => ({
  certificate: originCertificate({}, { annotations: { 'originca.dev/hold-until': text } }),
});
const adopting = {
  certificate: originCertificate({ existingSecret: 'Adopt' }),
  holder: { kind: 'foreign' },
} as const;

/** Another certificate is on its way each time: nobody has to do anything. */
const PAIRS: Readonly<Record<BadPairReason, readonly [change: Partial<World>, what: RegExp]>> = {
  DoesNotExist: [{ target: undefined }, /Secret web-tls does not exist/],
  MissingData: [
    { target: targetFacts({ pair: { state: 'MissingData', problem: 'tls.key missing or empty' } }) },
    /Secret web-tls: tls\.key missing/,
  ],
  InvalidKeyPair: [
    { target: targetFacts({ pair: { state: 'InvalidKeyPair', problem: 'tls.key is another' } }) },
    /Secret web-tls: tls\.key is another/,
  ],
  InvalidCertificate: [
    { target: targetFacts({ pair: { state: 'InvalidCertificate', problem: 'tls.crt holds none' } }) },
    /Secret web-tls: tls\.crt holds none/,
  ],
  UntrustedIssuer: [
    { target: targetFacts({}, { trusted: false, issuer: 'Mallory' }) },
    /Secret web-tls holds a certificate by "Mallory"/,
  ],
  HostnamesChanged: [
    { certificate: originCertificate({ hostnames: ['a.example.com'] }) },
    /Secret web-tls holds a certificate for \*\.example\.com, example\.com/,
  ],
  Expired: [
    { target: targetFacts({}, { notAfter: NOW }) },
    /certificate in Secret web-tls expired at 2026-11-21T12:00:00/,
  ],
  Revoked: [{ revoked: ['1001'] }, /Certificate 1001 in Secret web-tls was revoked at Cloudflare/],
  TemporaryCertificate: [
    {
      certificate: originCertificate({ temporaryCertificate: true }),
      target: targetFacts({}, { trusted: false, issuer: 'origin-ca-operator temporary certificate' }),
    },
    /Secret web-tls holds a temporary self-signed pair/,
  ],
};

const REFUSALS: Readonly<
  Record<Exclude<CertificateReason, BadPairReason | ReissueReason | Elsewhere | 'Issued'>, Row>
> = {
  SecretNotManaged: [
    { holder: { kind: 'foreign' } },
    /Secret web-tls \(type kubernetes\.io\/tls\)/,
    /Name another Secret in spec\.secretName, or set spec\.existingSecret: Adopt/,
  ],
  SecretConflict: [
    { holder: { kind: 'other', name: 'api' } },
    /Secret web-tls is kept by OriginCertificate api/,
    /name another one in spec\.secretName, or delete one/,
  ],
  SecretImmutable: [
    { target: targetFacts({ immutable: true }) },
    /Secret web-tls is immutable/,
    /Name another Secret in spec\.secretName/,
  ],
  AdoptRefused: [
    { ...adopting, target: targetFacts({ type: 'example.com/own', annotations: {}, labels: {} }) },
    /Secret web-tls is of type example\.com\/own/,
    /kubectl -n shop get secret web-tls/,
  ],
  IssuanceLoop: [
    { target: undefined, issuedAt: [NOW - 1, NOW - 2, NOW - 3] },
    /3 certificates were issued in the last hour/,
    /Stop whatever changes or deletes it, then set annotation originca\.dev\/renew-requested-at/,
  ],
  Suspended: [
    { certificate: originCertificate({ suspend: true }) },
    /spec\.suspend is true/,
    /until it is false/,
  ],
  Held: [
    held('2027-01-01T00:00:00Z'),
    /annotation originca\.dev\/hold-until/,
    /until 2027-01-01T00:00:00Z, or until it is removed/,
  ],
  HoldUntilInvalid: [
    held('tomorrow'),
    /annotation originca\.dev\/hold-until is "tomorrow"/,
    /until it is one, such as .*, or is removed/,
  ],
  RenewBeforeTooLong: [
    {
      certificate: originCertificate({ renewBefore: '2159h' }),
      target: targetFacts({}, { notBefore: NOW - 86_400_000, notAfter: NOW + 89 * 86_400_000 }),
    },
    /spec\.renewBefore \(2159h\)/,
    /Shorten renewBefore or raise validityDays/,
  ],
};

function conditionsIn(change: Partial<World>) {
  const world = worldOf(change);
  if (!isLiving(world)) throw new Error('conditions are those of an object');
  return conditionsOf(world, decide(world), NOW);
}

function conditionWith(reason: string, change: Partial<World>): string {
  const conditions = conditionsIn(change);
  const found = conditions.filter((condition) => condition.reason === reason);
  const shown = conditions.map(({ type, reason: seen }) => `${type} ${seen}`);
  return found[0]?.message ?? `no condition has the reason, only ${shown.join(', ')}`;
}

test.each(Object.entries(PAIRS))(
  '%s is told with what it is about, and that another certificate is on its way',
  (reason, [change, what]) => {
    expect(conditionWith(reason, change)).toMatch(what);
    expect(conditionsIn(change).map(({ type, status }) => `${type} ${status}`)).toContain('Issuing True');
  },
);

test.each(Object.entries(REFUSALS))(
  '%s is told with what it is about and what to do',
  (reason, [change, what, remedy]) => {
    const message = conditionWith(reason, change);
    expect(message).toMatch(what);
    expect(message).toMatch(remedy);
  },
);

describe('who is told of an issuer', () => {
  const clock = new TestClock(NOW);
  const memory = new CertificateMemory({ clock, random: () => 0, postTimeoutMs: 30_000, settleMs: 30_000 });
  const pending = pendingOf();
  const context = {
    clock,
    memory,
    stores: { issuers: { get: () => undefined } },
    sessions: { get: () => undefined },
    count: { issuance: () => undefined },
    log: { debug: () => undefined },
  } as unknown as CertificateContext;

  test('is told its name where it sees no zone of an earlier request', async () => {
    const outcome = await search(context, { pending } as Issuance, 'shop/web', never);
    expect(outcome).toMatchObject({
      next: 'failed',
      attempt: {
        reason: 'PermissionMissing',
        message: expect.stringMatching(
          /no zone that the token of OriginIssuer cloudflare sees holds .*Zone:Read/,
        ),
      },
    });
  });

  test('is told its name where it may not look for what an unwanted issuance left', async () => {
    const settlement = { pending, key: 'shop/web', otherIssuers: [] };
    expect(await giveUpLater(context, settlement, 'no token at hand', never)).toMatchObject({
      next: 'wait',
      said: { message: expect.stringContaining('Give OriginIssuer cloudflare a token with Zone:Read') },
    });
  });

  test('is told its name, and where to look, when it has not been checked for half a minute', async () => {
    const world = worldOf({ target: undefined, issuer: { state: 'Unchecked' } });
    const written: unknown[] = [];
    const patient = {
      ...context,
      line: { leave: () => undefined, join: () => undefined },
      origins: { verdictsFor: () => [] },
      events: { record: () => undefined },
      breaker: { holds: () => false },
      log: { warn: () => undefined, info: () => undefined },
      kube: { apply: (_: unknown, body: unknown) => Promise.resolve(written.push(body)) },
    } as unknown as CertificateContext;
    const look = () =>
      rest(patient, { namespace: 'shop', name: 'web' }, world, { type: 'AwaitIssuer' }, never);
    await look();
    expect(written).toEqual([]);
    await clock.advance(30_000);
    await look();
    expect(JSON.stringify(written)).toMatch(
      /OriginIssuer cloudflare is not ready yet: its token has not been checked\. Its condition Ready says/,
    );
  });
});

test('an answer that is not used is told with its Ray ID, and one that was found without', async () => {
  const clock = new TestClock(NOW);
  const context = { clock, count: { issuance: () => undefined }, roots: { certificates: [] } } as never;
  const issuance = { pending: pendingOf() } as Issuance;
  const unused = "Cloudflare's answer was not used: the answer holds no certificate in PEM";
  const found = await accept(context, issuance, '', 'recovered', never);
  expect(found).toMatchObject({ attempt: { message: expect.stringContaining(`${unused}. Nothing`) } });
  const answered = await accept(context, issuance, '', 'issued', never, { rayId: 'r1' });
  expect(answered).toMatchObject({
    attempt: {
      reason: 'BadResponse',
      rayId: 'r1',
      message: expect.stringContaining(`${unused} (Ray ID r1).`),
    },
  });
});
