import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CertificateContext } from '../../../src/certificate/context.ts';
import { revoke } from '../../../src/certificate/revoke.ts';
import { inspectCertificate } from '../../../src/pki/inspect.ts';
import type { TrustedRoots } from '../../../src/secret-facts.ts';
import { originRoots, signedBy } from '../../support/signed.ts';
import { issuerWith } from '../issuer/fixtures.ts';
import { pendingOf } from './fixtures.ts';

const never = new AbortController().signal;
const issuer = { kind: 'OriginIssuer', name: 'cloudflare' } as const;

let roots: TrustedRoots;
let signed: { id: string; certificate: string };
let isGone: boolean;
/** What was done, in order. */
let done: string[];
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
  isGone = false;
  done = [];
  const client = {
    getCertificate: () => Promise.resolve({ ...signed, revokedAt: undefined }),
    revokeCertificate: (id: string) => did(`revoke ${id}`, 'revoked'),
  };
  const session = { key: { ...issuer, namespace: 'shop' }, client, ready: true };
  context = {
    clock: { now: () => 0 },
    roots,
    kube: {
      listAll: () => Promise.resolve([]),
      delete: () => did('discard', 'deleted'),
    },
    stores: {
      issuers: { get: () => (isGone ? undefined : issuerWith()) },
      certificates: { get: () => undefined },
    },
    sessions: { get: () => session },
    memory: {
      waits: () => ({ postMs: 0, writeMs: 0 }),
      refusedSince: () => 0,
      forgetPending: () => true,
      settled: () => undefined,
    },
    events: { record: () => undefined },
    log: { info: () => undefined, debug: () => undefined, warn: () => undefined },
    count: { revocation: (outcome: string) => void done.push(outcome) },
  } as unknown as CertificateContext;
});

function settle() {
  const keyDigest = inspectCertificate(signed.certificate, roots.certificates)?.publicKeyDigest;
  const pending = pendingOf({ keyDigest, revoke: [signed.id], issuer: { ...issuer, uid: 'uid-1' } });
  return revoke(context, { pending, otherIssuers: [], key: 'shop/web' } as never, never);
}

describe('a revocation that is owed', () => {
  test('is made while the issuer is there', async () => {
    await settle();
    expect(done).toEqual([`revoke ${signed.id}`, 'revoked', 'discard']);
  });

  test('is still owed where the issuer went: what it allowed cannot be told', async () => {
    isGone = true;
    expect(await settle()).toMatchObject({ next: 'wait', said: { reason: 'PermissionMissing' } });
    expect(done).toEqual([]);
  });
});
