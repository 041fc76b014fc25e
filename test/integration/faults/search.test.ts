import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Shown, withoutJump } from './seen.ts';
import { FAULTS, type Fault } from './table.ts';
import { tooEarly, Trials } from './trials.ts';

const LOST: Shown = ['CloudflareUnavailable', 5000];

/** An outage that goes on waits twice as long every time, whichever request met it. */
function retriesOf({ reason, retriesMs }: Fault): readonly number[] {
  return reason === LOST[0] ? retriesMs.map((retryMs) => 2 * retryMs) : retriesMs;
}

/** The third failure of one reason is not shown. */
function shownFor(fault: Fault): readonly Shown[] {
  const { reason } = fault;
  if (reason === undefined) return [LOST];
  const shown = retriesOf(fault).map((retryMs): Shown => [reason, retryMs]);
  return [LOST, ...(reason === LOST[0] ? shown.slice(0, 1) : shown)];
}

let trials: Trials;

const failures = (count: (shown: readonly Shown[]) => number): ReadonlyMap<string, number> =>
  new Map(FAULTS.map((fault) => [fault.name, count(shownFor(fault))]));

beforeAll(async () => {
  trials = await Trials.start('faults-search');
  await trials.begin(
    FAULTS.map(({ name, spec, retriesMs }) => ({
      name,
      faults: [
        { operation: 'createCertificate', resetAfter: true },
        { operation: 'listCertificates', count: Math.max(1, retriesMs.length), ...spec },
      ],
    })),
  );
  await trials.haveFailed(failures(withoutJump));
  await trials.jump(601_000);
  await trials.haveFailed(failures((shown) => shown.length));
  await trials.jump(1_201_000);
  await trials.end();
}, 400_000);

afterAll(async () => {
  console.log(`${FAULTS.length} faults of the listing after a lost answer; ${await trials.figures()}`);
  await trials[Symbol.asyncDispose]();
});

describe('the search for a certificate whose answer was lost meets', () => {
  test.each(FAULTS)(
    '$name: shows $reason, finds it in the end, and nothing is posted again',
    async (fault) => {
      const { name } = fault;
      const { shown, written, bad, keys, key } = trials.of(name);
      expect(shown).toEqual(shownFor(fault));
      expect(await trials.held(name)).toEqual({ live: 1, revoked: 0 });
      expect([...bad]).toEqual([]);
      expect(written.size).toBe(1);
      expect([...keys].filter((digest) => digest !== key)).toEqual([]);
      expect(await trials.timesOf(name, 'createCertificate')).toHaveLength(1);
      // The first is of the issuer's check.
      const [, ...listings] = await trials.timesOf(name, 'listCertificates');
      expect(listings).toHaveLength(1 + fault.retriesMs.length);
      expect(tooEarly(listings, retriesOf(fault))).toEqual([]);
    },
  );
});
