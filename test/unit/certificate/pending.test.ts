import { describe, expect, test } from 'vitest';
import { MANAGED_LABEL, VELERO_EXCLUDE_LABEL } from '../../../src/api/names.ts';
import { issuanceNeed } from '../../../src/certificate/need.ts';
import {
  isPendingSecret,
  pendingPatch,
  pendingSecret,
  readPending,
} from '../../../src/certificate/pending.ts';
import { DEFAULT_KEY, generateKey, privateKeyDigest } from '../../../src/pki/keys.ts';
import { decode, secretFacts } from '../../../src/secret-facts.ts';
import { originCertificate, pendingOf } from './fixtures.ts';

const roots = { certificates: [], pem: '' };

async function made() {
  const { privateKeyPem } = await generateKey(DEFAULT_KEY);
  return pendingSecret({
    namespace: 'shop',
    certificateName: 'web',
    certificateUid: 'uid-1',
    privateKeyPem,
    csr: 'a request',
    need: issuanceNeed(originCertificate().spec),
    issuerUid: 'issuer-uid',
    requests: { renew: 'now', rekey: '' },
    replaces: '77',
    postedAt: '2026-11-21T12:00:00.000Z',
  });
}

describe('a pending Secret', () => {
  test.each<[string, string | undefined, boolean]>([
    ['a moment before its POST is the one that was made for it', '2026-11-21T11:59:59Z', false],
    ['long before its POST was posted again', '2026-11-20T12:00:00Z', false],
    ['a little after its POST is so by another clock', '2026-11-21T12:59:00Z', false],
    ['long after its POST is a copy', '2026-11-21T14:00:00Z', true],
    ['nobody knows when is taken for what it says', undefined, false],
  ])('that was created %s', async (_, creationTimestamp, isCopy) => {
    const secret = await made();
    const metadata = { ...secret.metadata, ...(creationTimestamp && { creationTimestamp }) };
    expect(readPending(secretFacts({ ...secret, metadata }, roots)).isCopy).toBe(isCopy);
  });

  test('whose POST certainly had no effect is no copy: there is nothing to find', async () => {
    const secret = await made();
    const annotations = { ...secret.metadata.annotations, 'originca.dev/posted-at': '' };
    const metadata = { ...secret.metadata, annotations, creationTimestamp: '2026-11-21T14:00:00Z' };
    expect(readPending(secretFacts({ ...secret, metadata }, roots)).isCopy).toBe(false);
  });

  test('is read back as it was made', async () => {
    const secret = await made();
    const pending = readPending(secretFacts(secret, roots));
    expect(pending).toMatchObject({
      certificateName: 'web',
      certificateUid: 'uid-1',
      keyDigest: privateKeyDigest(decode(secret.data?.['tls.key']) ?? ''),
      hasCsr: true,
      need: issuanceNeed(originCertificate().spec),
      issuer: { kind: 'OriginIssuer', name: 'cloudflare', uid: 'issuer-uid' },
      requests: { renew: 'now', rekey: '' },
      replaces: '77',
      postedAt: '2026-11-21T12:00:00.000Z',
      revoke: [],
      parked: undefined,
    });
  });

  test('is left out of backups, watched by its label, and owned by nobody who could take it along', async () => {
    const { metadata, type } = await made();
    expect(metadata.labels).toEqual({ [MANAGED_LABEL]: 'pending', [VELERO_EXCLUDE_LABEL]: 'true' });
    expect(metadata).not.toHaveProperty('ownerReferences');
    expect(type).toBe('originca.dev/pending');
  });

  test('with nothing in it is read without an error', () => {
    const facts = secretFacts(
      { metadata: { name: 'x', namespace: 'shop' }, type: 'originca.dev/pending' },
      roots,
    );
    expect(isPendingSecret(facts)).toBe(true);
    expect(readPending(facts)).toMatchObject({
      keyDigest: undefined,
      hasCsr: false,
      need: undefined,
      revoke: [],
    });
  });

  test('keeps of a planted list of ids only what can be an id', async () => {
    const secret = await made();
    const annotations = { ...secret.metadata.annotations, 'originca.dev/revoke': '12,../zones,,0x1, 7,34' };
    const facts = secretFacts({ ...secret, metadata: { ...secret.metadata, annotations } }, roots);
    expect(readPending(facts).revoke).toEqual(['12', '34']);
  });

  test('is changed only as it was read', () => {
    expect(pendingPatch(pendingOf(), { postedAt: '' })).toEqual({
      metadata: {
        uid: 'pending-uid-1',
        resourceVersion: '60',
        annotations: { 'originca.dev/posted-at': '' },
      },
    });
  });
});
