import { beforeEach, describe, expect, test } from 'vitest';
import { FINALIZER } from '../../../src/api/names.ts';
import type { OriginCertificate } from '../../../src/api/v1alpha1.ts';
import type { CertificateContext } from '../../../src/certificate/context.ts';
import { reconcileCertificate } from '../../../src/certificate/controller.ts';
import { CertificateMemory } from '../../../src/certificate/memory.ts';
import { CloudflareError } from '../../../src/cloudflare/errors.ts';
import type { Resource } from '../../../src/kube/resource.ts';
import { TestClock } from '../../support/test-clock.ts';
import { NOW, originCertificate } from './fixtures.ts';

const never = new AbortController().signal;
const issuerRef = { kind: 'OriginIssuer', name: 'cloudflare' } as const;

let context: CertificateContext;
let clock: TestClock;
/** What is known of the issuer and its token. */
let session: { readonly client: unknown; readonly tokenDigest: string; readonly ready: true };
/** With which token Cloudflare was asked about the certificate, in order. It refuses all of them. */
let asked: string[];

beforeEach(() => {
  clock = new TestClock();
  asked = [];
  correct('one');
  const get = ({ plural }: Resource<never>): Promise<OriginCertificate | undefined> =>
    Promise.resolve(plural === 'origincertificates' ? leaving() : undefined);
  context = {
    clock,
    memory: new CertificateMemory({ clock, random: () => 0, postTimeoutMs: 30_000, settleMs: 30_000 }),
    kube: { get, collect: () => Promise.resolve([]) },
    stores: {
      certificates: { get: leaving },
      issuers: { get: () => undefined },
      secrets: { get: () => undefined },
      secretsKeptBy: () => [],
    },
    sessions: { get: () => session },
    line: { admits: () => true, join: () => undefined, leave: () => undefined, ended: () => undefined },
    breaker: { holds: () => false, incident: () => undefined, isOver: () => false },
    slowCheck: { isRevoked: () => false, twinsOf: () => [] },
    log: { info: () => undefined, warn: () => undefined },
    clockSkew: () => undefined,
  } as unknown as CertificateContext;
});

/** The issuer has another token. */
function correct(token: string): void {
  const getCertificate = () => {
    asked.push(token);
    const options = { kind: 'CredentialsInvalid', definite: true, operation: 'get_certificate' } as const;
    return Promise.reject(new CloudflareError(`refused: ${token}`, options));
  };
  session = { client: { getCertificate }, tokenDigest: token, ready: true };
}

/** Its Secret is gone, and the status says that the certificate is to be revoked. */
function leaving(): OriginCertificate {
  const entry = {
    id: '1001',
    notAfter: '2027-01-01T00:00:00Z',
    supersededAt: new Date(NOW).toISOString(),
    revoke: 'Deleted',
    issuedFor: 'uid-1',
    issuerRef,
  } as const;
  const certificate = originCertificate(
    { secretDeletionPolicy: 'Delete', revocation: { onDelete: 'Revoke' } },
    { finalizers: [FINALIZER], deletionTimestamp: new Date(NOW).toISOString() },
  );
  return { ...certificate, status: { superseded: [entry] } };
}

const pass = () => reconcileCertificate(context, 'shop/web', never);

describe('a refused revocation of an object that is being deleted', () => {
  test('is tried once while the token stays the same, however often it is looked at', async () => {
    await pass();
    await clock.advance(60_000);
    await pass();
    expect(asked).toEqual(['one']);
  });

  test('is tried at once with a token that was corrected', async () => {
    await pass();
    correct('two');
    await pass();
    expect(asked).toEqual(['one', 'two']);
  });
});
