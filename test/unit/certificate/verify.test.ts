import { beforeAll, describe, expect, test } from 'vitest';
import { verifyAnswer, type Verdict } from '../../../src/certificate/verify.ts';
import { DEFAULT_KEY, generateKey, privateKeyDigest } from '../../../src/pki/keys.ts';
import type { TrustedRoots } from '../../../src/secret-facts.ts';
import type { OriginCa } from '../../simulator/ca/authority.ts';
import type { IssueRequest } from '../../simulator/ca/issue.ts';
import { originRoots, signedBy } from '../../support/signed.ts';
import { record } from './fixtures.ts';

const DAY = 86_400_000;
let ca: OriginCa;
let roots: TrustedRoots;
let privateKeyPem: string;

beforeAll(async () => {
  ({ ca, roots } = await originRoots());
  ({ privateKeyPem } = await generateKey(DEFAULT_KEY));
});

async function verdict(change: Partial<IssueRequest> = {}, need = record().need): Promise<Verdict> {
  const { certificate } = await signedBy(ca, { privateKeyPem, ...change });
  return verifyAnswer(certificate, {
    keyDigest: privateKeyDigest(privateKeyPem) ?? '',
    need,
    postedAt: Date.now(),
    now: Date.now(),
    roots,
  });
}

test('an answer that is all that was asked for is accepted, in whatever order its names stand', async () => {
  const result = await verdict({ hostnames: ['*.example.com', 'example.com'] });
  expect(result).toMatchObject({ ok: true, certificate: { hostnames: ['*.example.com', 'example.com'] } });
  expect(result.ok && result.pem).toMatch(/^-----BEGIN CERTIFICATE-----[^]+-----END CERTIFICATE-----\n$/);
});

describe('an answer is refused, and is ours to revoke,', () => {
  test.each<[string, Partial<IssueRequest>, RegExp]>([
    ['for other hostnames', { variant: 'otherHostnames' }, /is for not-example\.com, not for/],
    ['for a name too few', { hostnames: ['example.com'] }, /is for example\.com, not for/],
    ['with another lifetime', { variant: 'otherValidity' }, /valid for 45 days, not for 90/],
    ['that has expired', { variant: 'expired' }, /expired at/],
    ['that is not valid yet', { variant: 'notYetValid' }, /not valid before/],
    [
      'that was valid long before it was asked for',
      { notBefore: Date.now() - DAY, notAfter: Date.now() + 89 * DAY },
      /older than the request/,
    ],
    ['that is a CA', { variant: 'ca' }, /is a CA/],
    ['by an unknown root', { variant: 'unknownRoot' }, /none of the trusted Origin CA roots/],
    ['with a second certificate', { variant: 'twoBlocks' }, /2 certificates, not one/],
  ])('%s', async (_, change, problem) => {
    const result = await verdict(change);
    expect(result).toMatchObject({ ok: false, problem: expect.stringMatching(problem) as string });
    expect(!result.ok && result.ours?.publicKeyDigest).toBe(privateKeyDigest(privateKeyPem));
  });

  test('when the key is not of the kind that was asked for', async () => {
    const result = await verdict({}, { ...record().need, algorithm: 'RSA', size: 2048 });
    expect(result).toMatchObject({ ok: false, problem: expect.stringContaining('RSA 2048') as string });
  });
});

describe('an answer is refused, and nothing is known of what was issued,', () => {
  test.each<[string, Partial<IssueRequest>, RegExp]>([
    ['for another key', { variant: 'otherKey' }, /another key/],
    ['that is empty', { variant: 'empty' }, /no certificate in PEM/],
    ['that is no certificate', { variant: 'garbage' }, /no certificate in PEM/],
  ])('%s', async (_, change, problem) => {
    const result = await verdict(change);
    expect(result).toMatchObject({
      ok: false,
      problem: expect.stringMatching(problem) as string,
      ours: undefined,
    });
  });
});
