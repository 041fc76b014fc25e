import { describe, expect, test } from 'vitest';
import { guardRevocation, type RevocationCase } from '../../../src/certificate/guard.ts';
import { certificateFacts, targetFacts } from './fixtures.ts';

const stray: RevocationCase = {
  id: '7',
  claim: { by: 'key', digest: 'key-7' },
  certificate: certificateFacts({ id: '7', publicKeyDigest: 'key-7' }),
  revokedAlready: false,
  secrets: [targetFacts()],
  notAllowed: [],
  writeMs: 0,
};

test('a certificate that bears the pending key and serves nowhere is revoked', () => {
  expect(guardRevocation(stray)).toEqual({ verdict: 'revoke' });
});

test('a certificate that the status names is revoked without a look at its key', () => {
  const certificate = certificateFacts({ id: '7' });
  const found = { ...stray, claim: { by: 'status' }, certificate } as const;
  expect(guardRevocation(found)).toEqual({ verdict: 'revoke' });
});

describe('a certificate that was issued twice', () => {
  const twin = (notBefore: number, digest = 'key-7'): RevocationCase => ({
    ...stray,
    claim: { by: 'twin', digest, latest: 1000 },
    certificate: certificateFacts({ id: '7', publicKeyDigest: 'key-7', notBefore }),
  });

  test('at about the time of ours is revoked', () => {
    expect(guardRevocation(twin(1000))).toEqual({ verdict: 'revoke' });
  });

  test('long after ours is kept: somebody else has the key, and may serve it', () => {
    expect(guardRevocation(twin(1001))).toMatchObject({
      verdict: 'keep',
      why: expect.stringContaining('later'),
    });
  });

  test('as a listing said, and bears another key, is kept', () => {
    expect(guardRevocation(twin(1000, 'key-1'))).toMatchObject({ verdict: 'keep' });
  });
});

test.each<[string, Partial<RevocationCase>, string, string]>([
  [
    'a planted id, of a certificate with another key',
    { certificate: certificateFacts({ id: '7' }) },
    'keep',
    'does not bear the key',
  ],
  [
    'an id for which Cloudflare gives another certificate',
    { certificate: certificateFacts({ id: '8', publicKeyDigest: 'key-7' }) },
    'keep',
    'another under this id',
  ],
  ['an answer that holds no certificate', { certificate: undefined }, 'held', 'cannot be read'],
  ['one that is revoked already', { revokedAlready: true }, 'over', 'revoked already'],
  [
    'one that a Secret of the namespace holds',
    { secrets: [targetFacts({ name: 'elsewhere' }, { id: '7' })] },
    'held',
    'Secret shop/elsewhere holds it',
  ],
  [
    'one that a Secret holds with a key that does not match',
    {
      secrets: [
        targetFacts({
          pair: { state: 'InvalidKeyPair', problem: '', certificate: certificateFacts({ id: '7' }) },
        }),
      ],
    },
    'held',
    'Secret shop/web-tls holds it',
  ],
  [
    'one whose key somebody took out of the Secret: who served the pair before goes on with it',
    {
      secrets: [
        targetFacts({
          pair: { state: 'MissingData', problem: '', certificate: certificateFacts({ id: '7' }) },
        }),
      ],
    },
    'held',
    'Secret shop/web-tls holds it',
  ],
  ['one that a probe sees served', { presentedAt: '192.0.2.7:443' }, 'held', '192.0.2.7:443 still serves it'],
  [
    'one that the namespace may not ask for',
    { notAllowed: ['victim.example.com'] },
    'keep',
    'victim.example.com',
  ],
])('is not revoked: %s', (_, change, expected, why) => {
  const verdict = guardRevocation({ ...stray, ...change });
  expect(verdict).toMatchObject({ verdict: expected });
  expect(JSON.stringify(verdict)).toContain(why);
});

test('while a write that carries it can still arrive, nothing is revoked', () => {
  expect(guardRevocation({ ...stray, writeMs: 61_000 })).toEqual({ verdict: 'wait', ms: 61_000 });
});
