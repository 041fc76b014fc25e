import { describe, expect, test } from 'vitest';
import { CloudflareError, type FailureKind } from '../../../src/cloudflare/errors.ts';
import { agedRecordsWords, recordsProblemOf } from '../../../src/zone/records.ts';
import { Recurring } from '../../../src/zone/recurring.ts';

const MINUTE = 60_000;
const INTERVAL = 30 * MINUTE;
const START = Date.parse('2026-11-21T12:00:00Z');
const at = (ms: number) => ({ now: START + ms, monotonic: ms });

function records(failure?: FailureKind): Recurring<string> {
  const read = new Recurring<string>();
  read.succeeded('records', at(0), INTERVAL);
  if (failure !== undefined)
    read.failed(
      new CloudflareError(`${failure} it is.`, { kind: failure, definite: true, operation: 'list_records' }),
      at(INTERVAL),
      1,
    );
  return read;
}

describe('the DNS records', () => {
  test('that were never read are not relied on, and the message says why', () => {
    const never = new Recurring<string>();
    expect(recordsProblemOf(never, INTERVAL, START)).toMatch(/unknown.*not read yet/);
    const error = new CloudflareError('Denied.', {
      kind: 'PermissionMissing',
      definite: true,
      operation: 'list_records',
    });
    never.failed(error, at(0), 1);
    expect(recordsProblemOf(never, INTERVAL, START)).toMatch(/unknown.*Denied/);
  });

  test.each<[string, FailureKind | undefined, number, RegExp]>([
    ['fresh ones are', undefined, INTERVAL, /^relied on$/],
    ['those of a reading ago are while one fails', 'CloudflareUnavailable', INTERVAL + 1, /^relied on$/],
    ['old ones are not', undefined, 2 * INTERVAL + 1, /last read at 2026-11-21T12:00:00Z/],
    ['old ones are not after failures', 'CloudflareUnavailable', 2 * INTERVAL + 1, /Unavailable it is/],
    ['those that may not be read any more are not', 'PermissionMissing', INTERVAL + 1, /Missing it is/],
  ])('%s relied on', (_, failure, ageMs, expected) => {
    const problem = recordsProblemOf(records(failure), INTERVAL, START + ageMs);
    expect(problem ?? 'relied on').toMatch(expected);
  });
});

test('records are too old for a mode to be raised by them after a minute, whatever the interval', () => {
  expect(agedRecordsWords(START, START + MINUTE)).toBeUndefined();
  expect(agedRecordsWords(START, START + MINUTE + 1)).toMatch(
    /last read at 2026-11-21T12:00:00Z.*listed anew/,
  );
  expect(agedRecordsWords(undefined, START)).toBeUndefined();
});
