import { beforeAll, beforeEach, expect, test } from 'vitest';
import { ANNOTATION, FINALIZER } from '../../../src/api/names.ts';
import type { CertificateContext } from '../../../src/certificate/context.ts';
import { CertificateMemory } from '../../../src/certificate/memory.ts';
import { revokeSuperseded } from '../../../src/certificate/revoke-superseded.ts';
import { revokeTwins } from '../../../src/certificate/revoke-twins.ts';
import { owed, type Superseded } from '../../../src/certificate/superseded.ts';
import { isLiving, type Living } from '../../../src/certificate/world.ts';
import { CloudflareError } from '../../../src/cloudflare/errors.ts';
import type { Secret } from '../../../src/kube/object.ts';
import { inspectCertificate } from '../../../src/pki/inspect.ts';
import { encode, type TrustedRoots } from '../../../src/secret-facts.ts';
import { originRoots, signedBy } from '../../support/signed.ts';
import { TestClock } from '../../support/test-clock.ts';
import { issuerWith } from '../issuer/fixtures.ts';
import { NOW, originCertificate, worldOf } from './fixtures.ts';

const never = new AbortController().signal;
const issuerRef = { kind: 'OriginIssuer', name: 'cloudflare' } as const;
const KEY = 'shop/web';

let roots: TrustedRoots;
let stored: { id: string; certificate: string }[];
/** Ids that no token may look at. */
let refused: Set<string>;
let revoked: string[];
let forgotten: string[];
let memory: CertificateMemory;
let clock: TestClock;
let context: CertificateContext;
/** Whether a turn goes on after a look at one of them. */
let isTurn: boolean;
/** What the API server lists. */
let secrets: Secret[];

beforeAll(async () => {
  const made = await originRoots();
  ({ roots } = made);
  stored = [await signedBy(made.ca), await signedBy(made.ca), await signedBy(made.ca)];
});

beforeEach(() => {
  refused = new Set();
  revoked = [];
  forgotten = [];
  isTurn = true;
  clock = new TestClock();
  secrets = [];
  memory = new CertificateMemory({ clock, random: () => 0, postTimeoutMs: 30_000, settleMs: 30_000 });
  const client = {
    getCertificate: async (id: string) => {
      const options = { kind: 'RequestRejected', definite: true, operation: 'get_certificate' } as const;
      if (refused.has(id)) throw new CloudflareError(`not ${id}`, options);
      return { ...stored.find((each) => each.id === id), revokedAt: undefined };
    },
    revokeCertificate: async (id: string) => {
      revoked.push(id);
      return 'revoked';
    },
  };
  context = {
    clock,
    roots,
    memory,
    kube: {
      collect: async (_: unknown, __: unknown, take: (secret: Secret) => unknown[]) => secrets.flatMap(take),
    },
    stores: { issuers: { get: () => issuerWith() }, secrets: { list: () => [] } },
    sessions: { get: () => ({ key: { ...issuerRef, namespace: 'shop' }, client, ready: true, zones: [] }) },
    line: { admits: () => isTurn },
    breaker: { holds: () => false },
    origins: { verdictsFor: () => [] },
    slowCheck: { forgetTwin: (id: string) => void forgotten.push(id) },
    events: { record: () => undefined },
    log: { info: () => undefined, warn: () => undefined },
    count: { revocation: () => undefined },
  } as unknown as CertificateContext;
});

function idAt(index: number): string {
  return stored[index]?.id ?? '';
}

function entryOf(id: string): Superseded {
  const supersededAt = new Date(NOW).toISOString();
  return { id, supersededAt, revoke: 'Superseded', issuedFor: 'uid-1', issuerRef };
}

function worldWith(superseded: readonly Superseded[]): Living {
  const certificate = originCertificate({ revocation: { superseded: 'Revoke' } });
  const made = worldOf({ certificate: { ...certificate, status: { superseded: [...superseded] } } });
  if (!isLiving(made)) throw new Error('no object');
  return made;
}

test('a replaced certificate that cannot be revoked holds back no other, and is the one that is named', async () => {
  const entries = stored.map(({ id }) => entryOf(id));
  refused.add(idAt(0));
  const outcome = await revokeSuperseded(context, worldWith(entries), entries, KEY, never);
  expect(revoked).toEqual([idAt(1), idAt(2)]);
  const message = `Replaced certificate ${idAt(0)} could not be revoked: not ${idAt(0)}`;
  expect(outcome).toMatchObject({ next: 'failed', attempt: { reason: 'RequestRejected', message } });
  expect(memory.revocations.get(KEY)?.get(idAt(0))).toEqual({ triedAt: clock.now() });
  expect(memory.revocations.get(KEY)?.get(idAt(1))).toEqual({ revokedAt: clock.now() });
});

test('a turn is one look: the next begins with another one, also where that failed', async () => {
  isTurn = false;
  refused.add(idAt(0));
  const entries = stored.map(({ id }) => entryOf(id));
  const again = async () => {
    const world = { ...worldWith(entries), revocations: memory.revocations.get(KEY) ?? new Map() };
    return revokeSuperseded(context, world, owed(world), KEY, never);
  };
  expect(await again()).toMatchObject({ next: 'failed' });
  expect(revoked).toEqual([]);
  expect(await again()).toEqual({ next: 'observe' });
  expect(await again()).toEqual({ next: 'observe' });
  expect(revoked).toEqual([idAt(1), idAt(2)]);
});

function twinsOf(): never {
  return stored.map(({ id, certificate }) => {
    const facts = inspectCertificate(certificate, roots.certificates);
    return { id, of: 'first', keyDigest: facts?.publicKeyDigest ?? '', ofNotBefore: facts?.notBefore ?? 0 };
  }) as never;
}

test('a turn is one look at one that was issued twice too: what fails each time is not tried first each time', async () => {
  isTurn = false;
  refused.add(idAt(0));
  const twins: readonly { readonly id: string }[] = twinsOf();
  for (let turn = 0; turn < 3; turn++) {
    const left = twins.filter(({ id }) => !forgotten.includes(id));
    await revokeTwins(context, worldWith([entryOf('first')]), left as never, KEY, never);
  }
  expect(revoked).toEqual([idAt(1), idAt(2)]);
});

test('a certificate that was issued twice and cannot be revoked holds back no other', async () => {
  refused.add(idAt(0));
  const outcome = await revokeTwins(context, worldWith([entryOf('first')]), twinsOf(), KEY, never);
  expect(revoked).toEqual([idAt(1), idAt(2)]);
  expect(forgotten).toEqual([idAt(1), idAt(2)]);
  const message = `Certificate ${idAt(0)}, which was issued twice, could not be revoked: not ${idAt(0)}`;
  expect(outcome).toMatchObject({ next: 'failed', attempt: { message } });
});

test('what became of a certificate is remembered only while the status lists it', async () => {
  memory.revocations.set(KEY, new Map([['gone', { revokedAt: NOW }]]));
  const entries = [entryOf(idAt(0))];
  await revokeSuperseded(context, worldWith(entries), entries, KEY, never);
  expect([...(memory.revocations.get(KEY)?.keys() ?? [])]).toEqual([idAt(0)]);
});

test.each([
  ['is deleted once more before it counts as done', 'uid-1', { againAt: NOW + 5000 }],
  ['of somebody else keeps its certificate valid', 'uid-2', { keptBecause: 'Secret shop/web-tls holds it' }],
])('a Secret that is back while its object is being deleted %s', async (_, owner, note) => {
  const entries = [{ ...entryOf(idAt(0)), revoke: 'Deleted' as const }];
  secrets = [
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name: 'web-tls',
        namespace: 'shop',
        annotations: { [ANNOTATION.certificate]: 'web' },
        ownerReferences: [
          { apiVersion: 'originca.dev/v1alpha1', kind: 'OriginCertificate', name: 'web', uid: owner },
        ],
      },
      data: { 'tls.crt': encode(stored[0]?.certificate ?? '') },
    },
  ];
  const certificate = {
    ...originCertificate(
      { secretDeletionPolicy: 'Delete', revocation: { onDelete: 'Revoke' } },
      { finalizers: [FINALIZER], deletionTimestamp: new Date(NOW).toISOString() },
    ),
    status: { superseded: entries },
  };
  const leaving = { certificate, leftMs: 60_000, token: 'known' } as const;
  await revokeSuperseded(context, worldOf({ certificate: undefined, leaving }), entries, KEY, never);
  expect(revoked).toEqual([]);
  expect(memory.revocations.get(KEY)?.get(idAt(0))).toEqual(note);
});
