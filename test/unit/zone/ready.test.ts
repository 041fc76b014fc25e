import { describe, expect, test } from 'vitest';
import { refusedError } from '../../../src/cloudflare/classify.ts';
import { fromSource } from '../../../src/cloudflare/errors.ts';
import { ZoneMemory } from '../../../src/zone/memory.ts';
import { findingOf } from '../../../src/zone/ready.ts';
import { originZone } from './fixtures.ts';

const AT = { now: 1_000_000, monotonic: 0 };
const TOKEN_PLACE = 'Secret cloudflare-zone in namespace originca-system, key api-token';
const ACCOUNTS = ['One', 'Two'];

/** What is said of a zone that was looked up with this result. */
function found(looked: (memory: ZoneMemory) => void) {
  const memory = new ZoneMemory(originZone());
  looked(memory);
  return findingOf({ memory, zoneName: 'example.com', tokenPlace: TOKEN_PLACE, facts: undefined });
}

describe('a zone that the token does not open is told with the Secret, its namespace and key', () => {
  test.each<[string, (memory: ZoneMemory) => void, string, RegExp]>([
    [
      'because it sees none',
      ({ lookup }) => lookup.succeeded({ state: 'none' }, AT, 1000),
      'ZoneNotFound',
      /no zone example\.com.*no such zone.*another account.*Zone:Read/,
    ],
    [
      'because it sees several',
      ({ lookup }) => lookup.succeeded({ state: 'several', accounts: ACCOUNTS }, AT, 1000),
      'AmbiguousZone',
      /several zones example\.com, in the accounts One, Two\. Give it/,
    ],
    [
      'because Cloudflare refuses it',
      ({ lookup }) => lookup.failed(refused(), AT, 1000),
      'CredentialsInvalid',
      /did not accept the API token while looking up the zone.*Check that.*code 10000, Ray ID 8f0c/,
    ],
  ])('%s', (_, looked, reason, message) => {
    const finding = found(looked);
    expect(finding).toMatchObject({ outcome: 'refused', reason, message: expect.stringMatching(message) });
    expect(finding.message).toMatch(new RegExp(`^${TOKEN_PLACE}: `));
  });
});

/** As the zone's client rejects. */
function refused() {
  const error = refusedError({
    operation: 'find_zones',
    share: 'zones',
    status: 403,
    errors: [{ code: 10000, message: 'Authentication error' }],
    rayId: '8f0c',
    retryAfterMs: undefined,
  });
  return fromSource(error, TOKEN_PLACE);
}
