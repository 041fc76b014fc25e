import { describe, expect, test } from 'vitest';
import { CloudflareError, type FailureKind } from '../../../src/cloudflare/errors.ts';
import type { Operation } from '../../../src/cloudflare/operation.ts';
import type { TokenState, Zone } from '../../../src/cloudflare/results.ts';
import { checkToken } from '../../../src/issuer/check.ts';

const NOW = 1_000_000;
const ACTIVE: TokenState = { id: 't', status: 'active', expiresOn: undefined };
const never = new AbortController().signal;

function zone(name: string, status = 'active'): Zone {
  return { id: `id-of-${name}`, name, status, paused: false, account: { id: undefined, name: undefined } };
}

function failure(kind: FailureKind, operation: Operation): CloudflareError {
  return new CloudflareError(`${kind} while ${operation}.`, { kind, operation, definite: true });
}

/** Answers of Cloudflare, each a value or what is thrown; and what was asked. */
function cloudflare(answers: { token?: unknown; zones?: unknown; certificates?: unknown }) {
  const asked: string[] = [];
  const answer = (what: string, given: unknown): Promise<never> => {
    asked.push(what);
    return given instanceof Error ? Promise.reject(given) : Promise.resolve(given as never);
  };
  const { token = ACTIVE, zones = [zone('a.test')], certificates } = answers;
  return {
    asked,
    verifyToken: () => answer('token', token),
    listZones: () => answer('zones', zones),
    probeCertificates: (id: string) => answer(`certificates of ${id}`, certificates),
  };
}

describe('a check', () => {
  test('asks for the state of the token, its zones, and the certificates of one that is active', async () => {
    const zones = [zone('pending.test', 'pending'), zone('b.test'), zone('c.test')];
    const client = cloudflare({ zones });
    expect(await checkToken(client, NOW, { signal: never })).toEqual({
      outcome: 'passed',
      token: ACTIVE,
      zones,
    });
    expect(client.asked).toEqual(['token', 'zones', 'certificates of id-of-b.test']);
  });

  test('makes do with a zone that is not active where there is no other', async () => {
    const client = cloudflare({ zones: [zone('pending.test', 'pending')] });
    expect(await checkToken(client, NOW, { signal: never })).toMatchObject({ outcome: 'passed' });
  });

  test('asks nothing more of a token that is not active', async () => {
    const client = cloudflare({ token: { ...ACTIVE, status: 'expired' } });
    expect(await checkToken(client, NOW, { signal: never })).toMatchObject({
      outcome: 'refused',
      reason: 'CredentialsInvalid',
    });
    expect(client.asked).toEqual(['token']);
  });

  test.each<FailureKind>(['CredentialsInvalid', 'PermissionMissing', 'RequestRejected', 'NotFound'])(
    'passes where the token may not ask for its own state (%s) but lists zones',
    async (kind) => {
      const client = cloudflare({ token: failure(kind, 'verify_token') });
      expect(await checkToken(client, NOW, { signal: never })).toMatchObject({
        outcome: 'passed',
        token: undefined,
      });
    },
  );

  test.each<[string, Parameters<typeof cloudflare>[0], string, string]>([
    [
      'no right to list zones',
      { zones: failure('PermissionMissing', 'list_zones') },
      'PermissionMissing',
      'PermissionMissing while list_zones. The token needs Zone:Read',
    ],
    [
      'a token that nobody knows',
      {
        token: failure('CredentialsInvalid', 'verify_token'),
        zones: failure('CredentialsInvalid', 'list_zones'),
      },
      'CredentialsInvalid',
      'CredentialsInvalid while list_zones.',
    ],
    [
      'no right to list certificates',
      { certificates: failure('PermissionMissing', 'list_certificates') },
      'PermissionMissing',
      'The token needs SSL and Certificates:Edit',
    ],
    ['no zone', { zones: [] }, 'PermissionMissing', 'The API token sees no zone.'],
  ])('refuses: %s', async (_, answers, reason, message) => {
    const result = await checkToken(cloudflare(answers), NOW, { signal: never });
    expect(result).toMatchObject({ outcome: 'refused', reason, message: expect.stringContaining(message) });
  });

  test.each<FailureKind>(['CloudflareUnavailable', 'RateLimited', 'BudgetExhausted', 'Aborted', 'Fenced'])(
    'judges nothing by %s, whichever request it struck',
    async (kind) => {
      const struck = [
        { token: failure(kind, 'verify_token') },
        { zones: failure(kind, 'list_zones') },
        { certificates: failure(kind, 'list_certificates') },
      ];
      for (const answers of struck) {
        const result = await checkToken(cloudflare(answers), NOW, { signal: never });
        expect(result).toMatchObject({
          outcome: 'unavailable',
          reason: /RateLimited|Budget/.test(kind) ? 'RateLimited' : 'CloudflareUnavailable',
          since: NOW,
          trouble: expect.stringContaining(kind),
        });
      }
    },
  );

  test('passes on what is no answer of Cloudflare, and its own abort', async () => {
    const bug = new TypeError('a bug');
    await expect(checkToken(cloudflare({ zones: bug }), NOW, { signal: never })).rejects.toBe(bug);
    const aborted = failure('Aborted', 'list_zones');
    await expect(
      checkToken(cloudflare({ zones: aborted }), NOW, { signal: AbortSignal.abort() }),
    ).rejects.toBe(aborted);
  });
});
