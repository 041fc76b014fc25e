import { expect, test } from 'vitest';
import type { OriginCertificate } from '../../../src/api/v1alpha1.ts';
import type { CertificateContext } from '../../../src/certificate/context.ts';
import { targetSecret } from '../../../src/certificate/target.ts';
import { recordOf } from '../../../src/certificate/judge.ts';
import { apply } from '../../../src/certificate/write.ts';
import type { SecretFacts } from '../../../src/secret-facts.ts';
import { certificateFacts, originCertificate, targetFacts } from './fixtures.ts';

const never = new AbortController().signal;
const OWNER = { apiVersion: 'originca.dev/v1alpha1', kind: 'OriginCertificate', name: 'web', uid: 'uid-1' };

/** Writes over the Secret of an object with `secretDeletionPolicy: Delete`: what was asked of the API server. */
async function written(existing: SecretFacts, found: OriginCertificate | undefined): Promise<string[]> {
  const asked: string[] = [];
  const kube = {
    get: async () => (asked.push('get'), found),
    apply: async (_: unknown, body: object) => (asked.push('apply'), body),
  };
  const certificate = originCertificate({ secretDeletionPolicy: 'Delete' });
  const record = recordOf(certificate, existing, certificateFacts());
  const roots = { certificates: [], pem: '' };
  const content = { certificate, record, certificatePem: '', privateKeyPem: '', roots };
  const context = { kube } as unknown as CertificateContext;
  await apply(context, targetSecret(content, existing), existing, never);
  return asked;
}

const isConflict = { kind: 'Conflict' };
const deletionTimestamp = '2026-11-21T12:00:00Z';

test('an owner reference is put back where the object is there after the Secret was read', async () => {
  expect(await written(targetFacts(), originCertificate())).toEqual(['get', 'apply']);
});

test.each([
  ['is being deleted', originCertificate({}, { deletionTimestamp })],
  ['is gone', undefined],
  ['is another of that name', originCertificate({}, { uid: 'uid-2' })],
])('no owner reference is put back where the object %s', async (_, found) => {
  await expect(written(targetFacts(), found)).rejects.toMatchObject(isConflict);
});

test('nobody is asked where the owner reference stands', async () => {
  expect(await written(targetFacts({ owners: [OWNER] }), undefined)).toEqual(['apply']);
});
