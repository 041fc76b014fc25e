import { expect, test } from 'vitest';
import { slowCheckSeries } from '../../../src/telemetry/slow-check-series.ts';

const PARTS = { zone: 'example.com', zoneId: 'a', checked: 4, suspected: 1, isDistrusted: false } as const;

/** The lines of one zone, without help and types. */
function lines(checkedAt: number | undefined): string[] {
  const text = slowCheckSeries([{ ...PARTS, usedSince: 60_000, checkedAt }]);
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

const LABELS = 'zone="example.com",zone_id="a"';

test('a zone that was checked shows when, and what was found', () => {
  expect(lines(90_000)).toEqual([
    `originca_slow_check_certificates{${LABELS},state="checked"} 4`,
    `originca_slow_check_certificates{${LABELS},state="suspected"} 1`,
    `originca_slow_check_distrusted{${LABELS}} 0`,
    `originca_slow_check_last_success_timestamp_seconds{${LABELS}} 90`,
  ]);
});

test('a zone that was never checked shows since when it is in use, so that it can be overdue', () => {
  expect(lines(undefined)).toEqual([
    `originca_slow_check_distrusted{${LABELS}} 0`,
    `originca_slow_check_last_success_timestamp_seconds{${LABELS}} 60`,
  ]);
});
