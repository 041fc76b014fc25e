import { beforeEach, describe, expect, test } from 'vitest';
import { FINALIZER } from '../../../src/api/names.ts';
import { failureScope } from '../../../src/certificate/recall.ts';
import { originCertificate } from './fixtures.ts';

type Sessions = Parameters<typeof failureScope>[0]['sessions'];

const FORMER = { kind: 'OriginIssuer', name: 'former' } as const;
const ASKED = { kind: 'OriginIssuer', name: 'asked', uid: 'uid-asked' } as const;

/** By issuer. */
let tokens: Record<string, string>;
let refused: readonly string[];

beforeEach(() => {
  tokens = { cloudflare: 'one', former: 'two', asked: 'three' };
  refused = [];
});

function scope(): string {
  const certificate = originCertificate(
    { issuerRef: { kind: 'OriginIssuer', name: 'cloudflare' } },
    { finalizers: [FINALIZER] },
  );
  const entry = {
    id: '1',
    notAfter: '2027-01-01T00:00:00Z',
    supersededAt: '2026-01-01T00:00:00Z',
    issuerRef: FORMER,
  };
  const leaving = { ...certificate, status: { ...certificate.status, superseded: [entry] } };
  const get = ({ name }: { readonly name: string }) => ({
    tokenDigest: tokens[name],
    client: {},
    ready: !refused.includes(name),
  });
  const context = { sessions: { get } as unknown as Sessions };
  return failureScope(context, { certificate: undefined, leaving, pending: { issuer: ASKED } });
}

describe('a failed revocation of an object that is being deleted', () => {
  test.each([
    ['of what it has', 'cloudflare'],
    ['of what it had', 'former'],
    ['of what it asked for', 'asked'],
  ])('is tried again as soon as the issuer %s has another token', (_, issuer) => {
    const before = scope();
    tokens = { ...tokens, [issuer]: 'corrected' };
    expect(scope()).not.toBe(before);
  });

  test('waits while the tokens are the same, whichever of them is refused', () => {
    const before = scope();
    refused = ['cloudflare'];
    expect(scope()).toBe(before);
  });
});
