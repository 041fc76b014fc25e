import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Shown, withoutJump } from './seen.ts';
import { FAULTS, type Fault } from './table.ts';
import { tooEarly, Trials } from './trials.ts';

let trials: Trials;

/** One that was carried out is found; any other is struck again where the table has a second try. */
const strikesOf = ({ effect, retriesMs }: Fault): number =>
  effect === 'done' ? Math.min(1, retriesMs.length) : retriesMs.length;

const shownFor = (fault: Fault): readonly Shown[] =>
  fault.retriesMs
    .slice(0, strikesOf(fault))
    .flatMap((retryMs): readonly Shown[] => (fault.reason ? [[fault.reason, retryMs]] : []));

const failures = (count: (shown: readonly Shown[]) => number): ReadonlyMap<string, number> =>
  new Map(FAULTS.map((fault) => [fault.name, count(shownFor(fault))]));

beforeAll(async () => {
  trials = await Trials.start('faults-create');
  await trials.begin(
    FAULTS.map((fault) => ({
      name: fault.name,
      faults: [{ operation: 'createCertificate', count: Math.max(1, strikesOf(fault)), ...fault.spec }],
    })),
  );
  await trials.haveFailed(failures(withoutJump));
  await trials.jump(601_000);
  await trials.haveFailed(failures((shown) => shown.length));
  await trials.jump(1_201_000);
  await trials.end();
}, 400_000);

afterAll(async () => {
  console.log(`${FAULTS.length} faults of a POST; ${await trials.figures()}`);
  await trials[Symbol.asyncDispose]();
});

describe('a POST for a certificate that meets', () => {
  test.each(FAULTS)(
    '$name: shows $reason, is tried again in time, and ends in one certificate',
    async (fault) => {
      const { name, effect, retriesMs } = fault;
      const strikes = strikesOf(fault);
      const { shown, written, bad, keys, key } = trials.of(name);
      expect(shown).toEqual(shownFor(fault));
      expect(await trials.held(name)).toEqual({ live: 1, revoked: 0 });
      expect([...bad]).toEqual([]);
      expect(written.size).toBe(1);
      // One key names the issuance from its first try to its last.
      expect([...keys].filter((digest) => digest !== key)).toEqual([]);

      const posts = await trials.timesOf(name, 'createCertificate');
      expect(posts).toHaveLength(effect === 'done' ? 1 : strikes + 1);
      expect(tooEarly(posts, retriesMs.slice(0, strikes))).toEqual([]);
      // The issuer's check lists once. A refusal by name needs no look at what became of it, anything else one each.
      const listings = await trials.timesOf(name, 'listCertificates');
      expect(listings).toHaveLength(1 + (effect === 'refused' ? 0 : strikes));
    },
  );
});
