import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CertificateContext } from '../../../src/certificate/context.ts';
import { CertificateMemory } from '../../../src/certificate/memory.ts';
import { decide } from '../../../src/certificate/decide.ts';
import { revoke } from '../../../src/certificate/revoke.ts';
import { settleFailure } from '../../../src/certificate/settle-trouble.ts';
import { CloudflareError, unavailable } from '../../../src/cloudflare/errors.ts';
import type { CallOptions } from '../../../src/cloudflare/requests.ts';
import { inspectCertificate } from '../../../src/pki/inspect.ts';
import type { SecretFacts, TrustedRoots } from '../../../src/secret-facts.ts';
import { originRoots, signedBy } from '../../support/signed.ts';
import { TestClock } from '../../support/test-clock.ts';
import { issuerWith } from '../issuer/fixtures.ts';
import { pendingOf, targetFacts, worldOf } from './fixtures.ts';

const never = new AbortController().signal;
const issuer = { kind: 'OriginIssuer', name: 'cloudflare' } as const;

let roots: TrustedRoots;
let signed: { id: string; certificate: string };
let isGone: boolean;
let refusal: CloudflareError | undefined;
/** What each token is answered when it asks for the certificate; absent: the certificate. */
let absent: Record<string, CloudflareError>;
/** What every token is answered of an id. */
let absentIds: Record<string, CloudflareError>;
let isGoneOnDelete: boolean;
/** What the check of their issuers found. */
const refusedTokens = new Set<string>();
let keptElsewhere: SecretFacts[];
let clock: TestClock;
let memory: CertificateMemory;
/** What was done, in order. */
let done: string[];
/** For whom Cloudflare was asked: a probe is kept for one. */
let askers: (string | undefined)[];
let context: CertificateContext;

/** An effect that is noted, and its answer. */
function did(what: string, answer: string): Promise<string> {
  done.push(what);
  return Promise.resolve(answer);
}

beforeAll(async () => {
  const made = await originRoots();
  ({ roots } = made);
  signed = await signedBy(made.ca);
});

beforeEach(() => {
  refusedTokens.clear();
  isGone = false;
  keptElsewhere = [];
  refusal = undefined;
  absent = {};
  absentIds = {};
  isGoneOnDelete = false;
  clock = new TestClock();
  memory = new CertificateMemory({ clock, random: () => 0, postTimeoutMs: 30_000, settleMs: 30_000 });
  done = [];
  askers = [];
  const clientOf = (name: string) => ({
    getCertificate: async (id: string, { asker }: CallOptions) => {
      askers.push(asker);
      const error = absentIds[id] ?? absent[name];
      if (error !== undefined) throw error;
      return { ...signed, revokedAt: undefined };
    },
    revokeCertificate: async (id: string, { asker }: CallOptions) => {
      askers.push(asker);
      await did(`revoke ${id}`, 'asked');
      if (refusal !== undefined) throw refusal;
      return isGoneOnDelete ? 'not-found' : 'revoked';
    },
  });
  const sessions = new Map(
    ['cloudflare', 'other'].map((name) => [
      name,
      {
        key: { ...issuer, name, namespace: 'shop' },
        client: clientOf(name),
        get ready() {
          return !refusedTokens.has(name);
        },
      },
    ]),
  );
  context = {
    clock,
    roots,
    kube: {
      collect: () => Promise.resolve([]),
      delete: () => did('discard', 'deleted'),
    },
    stores: {
      issuers: { get: () => (isGone ? undefined : issuerWith()) },
      certificates: { get: () => undefined },
      secrets: { list: () => keptElsewhere },
    },
    sessions: { get: ({ name }: { name: string }) => sessions.get(name) },
    memory,
    events: { record: () => undefined },
    log: { info: () => undefined, debug: () => undefined, warn: () => undefined },
    count: { revocation: (outcome: string) => void done.push(outcome) },
  } as unknown as CertificateContext;
});

function notFound(status: number): CloudflareError {
  const options = {
    kind: 'NotFound',
    definite: true,
    operation: 'get_certificate',
    code: 1101,
    status,
  } as const;
  return new CloudflareError('Failed to read certificate from Database.', options);
}

function settle(otherIssuers: readonly object[] = [], others: readonly string[] = []) {
  const keyDigest = inspectCertificate(signed.certificate, roots.certificates)?.publicKeyDigest;
  const pending = pendingOf({
    keyDigest,
    postedAt: '',
    revoke: [...others, signed.id],
    issuer: { ...issuer, uid: 'uid-1' },
  });
  if (memory.pendings.looks.size === 0) memory.pendings.made(pending.uid, '');
  const settlement = { pending, otherIssuers, key: 'shop/web' } as never;
  const failure = settleFailure(context, settlement);
  if (failure && failure.nextTime > clock.now())
    return decide(worldOf({ pending, settleFailure: failure, now: clock.now() }));
  return revoke(context, settlement, never);
}

describe('a revocation that is owed', () => {
  test('is made while the issuer is there', async () => {
    await settle();
    expect(done).toEqual([`revoke ${signed.id}`, 'revoked', 'discard']);
    expect(askers).toEqual(['shop/web', 'shop/web']);
  });

  test('is not made of what a Secret of another namespace holds', async () => {
    keptElsewhere = [targetFacts({ namespace: 'copy' }, { id: signed.id })];
    await settle();
    expect(done).toEqual(['kept', 'discard']);
  });

  test('is still owed where the issuer went: what it allowed cannot be told', async () => {
    isGone = true;
    expect(await settle()).toMatchObject({ next: 'wait', said: { reason: 'PermissionMissing' } });
    expect(done).toEqual([]);
  });

  test('waits for another turn after each of many, none of which is looked at twice', async () => {
    const others = Array.from({ length: 5 }, (_, id) => `${id + 1}`);
    for (const [turns] of others.entries()) {
      expect(await settle([], others)).toEqual({ next: 'wait', ms: 0 });
      expect(askers).toHaveLength(turns + 1);
    }
    expect(done).toEqual(others.map(() => 'kept'));
    await settle([], others);
    expect(done.slice(5)).toEqual([`revoke ${signed.id}`, 'revoked', 'discard']);
    expect(memory.pendings.looks.size).toBe(0);
  });

  test('is made of every other one before all are given up for one that is refused', async () => {
    const options = { kind: 'RequestRejected', definite: true, operation: 'get_certificate' } as const;
    absentIds = { 1: new CloudflareError('no', options) };
    expect(await settle([], ['1', '2'])).toEqual({ next: 'wait', ms: 0 });
    expect(await settle([], ['1', '2'])).toEqual({ next: 'wait', ms: 0 });
    expect(await settle([], ['1', '2'])).toEqual({ next: 'wait', ms: 0 });
    expect(done).toEqual(['kept', `revoke ${signed.id}`, 'revoked']);
    expect(await settle([], ['1', '2'])).toMatchObject({ said: { reason: 'PermissionMissing' } });
    await clock.advance(300_000);
    await settle([], ['1', '2']);
    expect(done.slice(3)).toEqual(['abandoned', 'discard']);
  });

  test('is made of another one after a failure', async () => {
    absentIds = { 1: unavailable('get_certificate', 'no answer') };
    expect(await settle([], ['1'])).toMatchObject({ next: 'failed' });
    await settle([], ['1']);
    expect(done).toEqual([`revoke ${signed.id}`, 'revoked']);
  });

  test('is looked at anew by a process that knows nothing of it', async () => {
    await settle([], ['1']);
    memory.pendings.looks.clear();
    expect(await settle([], ['1'])).toEqual({ next: 'wait', ms: 0 });
    expect(done).toEqual(['kept', 'kept']);
  });

  test('is given up after five minutes by a token that may read and not revoke, asked twice in all', async () => {
    const kind = 'PermissionMissing';
    refusal = new CloudflareError('no', { kind, definite: true, operation: 'revoke_certificate' });
    for (const waitedMs of [0, 100, 200_000]) {
      await clock.advance(waitedMs);
      expect(await settle()).toMatchObject({ said: { reason: 'PermissionMissing' } });
    }
    expect(done).toEqual([`revoke ${signed.id}`, 'failed']);
    await clock.advance(100_000);
    await settle();
    expect(done.slice(2)).toEqual([`revoke ${signed.id}`, 'failed', 'abandoned', 'discard']);
  });

  test('leaves a wrong answer in place that holds back the next POST, and keeps a time of its own', async () => {
    const answer = memory.attempts.failed(
      'shop/web',
      '',
      { reason: 'BadResponse', message: 'a CA' },
      undefined,
    );
    refusal = unavailable('revoke_certificate', 'no answer');
    const said = { reason: 'CloudflareUnavailable' };
    expect(await settle()).toMatchObject({ next: 'wait', ms: 5000, said });
    await clock.advance(1000);
    expect(await settle()).toMatchObject({ type: 'Wait', ms: 4000, said });
    expect(done).toEqual([`revoke ${signed.id}`, 'failed']);
    refusal = undefined;
    await clock.advance(4000);
    await settle();
    expect(done.slice(2)).toEqual([`revoke ${signed.id}`, 'revoked', 'discard']);
    expect(memory.attempts.failure('shop/web', '')).toEqual(answer);
  });
});

describe('a certificate that Cloudflare says it does not have', () => {
  const MINUTE = 60_000;

  test('is gone at once where HTTP says so too', async () => {
    absent = { cloudflare: notFound(404) };
    await settle();
    expect(done).toEqual(['already_revoked', 'discard']);
  });

  test.each([200, 400, 500, 503])(
    'is believed gone at status %i only when that is said again minutes later',
    async (status) => {
      absent = { cloudflare: notFound(status) };
      expect(await settle()).toEqual({ next: 'wait', ms: 4 * MINUTE });
      await clock.advance(MINUTE);
      expect(await settle()).toEqual({ next: 'wait', ms: 3 * MINUTE });
      expect(done).toEqual([]);
      await clock.advance(3 * MINUTE);
      await settle();
      expect(done).toEqual(['already_revoked', 'discard']);
    },
  );

  test('is revoked when it is there after all', async () => {
    absent = { cloudflare: notFound(500) };
    await settle();
    absent = {};
    await clock.advance(4 * MINUTE);
    await settle();
    expect(done).toEqual([`revoke ${signed.id}`, 'revoked', 'discard']);
  });

  test('is revoked with another token that knows it: one of another account knows none of ours', async () => {
    absent = { cloudflare: notFound(404) };
    await settle([{ ...issuer, name: 'other' }]);
    expect(done).toEqual([`revoke ${signed.id}`, 'revoked', 'discard']);
  });

  test('is revoked with a token that works, however much the one that it was issued with fails', async () => {
    refusedTokens.add('cloudflare');
    absent = { cloudflare: unavailable('get_certificate', 'no answer') };
    await settle([{ ...issuer, name: 'other' }]);
    expect(done).toEqual([`revoke ${signed.id}`, 'revoked', 'discard']);
  });

  test('is still owed while a token that may know it is refused', async () => {
    const options = { kind: 'CredentialsInvalid', definite: true, operation: 'get_certificate' } as const;
    absent = { cloudflare: new CloudflareError('no', options), other: notFound(404) };
    expect(await settle([{ ...issuer, name: 'other' }])).toMatchObject({ next: 'wait' });
    expect(done).toEqual([]);
  });

  test('is not called revoked when that is said only of its revocation, nor waited for without end', async () => {
    isGoneOnDelete = true;
    expect(await settle()).toEqual({ next: 'wait', ms: 4 * MINUTE });
    await clock.advance(4 * MINUTE);
    await settle();
    expect(done).toEqual([`revoke ${signed.id}`, `revoke ${signed.id}`, 'kept', 'discard']);
  });
});
