import { expect, test } from 'vitest';
import { slotsOf } from '../../soak/places.ts';
import { BAD_CERTIFICATES, type PlannedStep, planOf } from '../../soak/plan.ts';
import { API_TROUBLES, CLASHES, DAMAGES, isByPeople, LOSSES, nameOf, wordsOf } from '../../soak/steps.ts';
import { SCALED } from '../../soak/tempo.ts';

const SLOTS = slotsOf(3);
const SEASON_MS = 5 * 60_000;

function steps(seed: number, count = 4000): readonly PlannedStep[] {
  const planned: PlannedStep[] = [];
  for (const step of planOf(seed, SCALED, SLOTS)) if (planned.push(step) === count) break;
  return planned;
}

test('the same seed plans the same steps, another one others', () => {
  expect(steps(7)).toEqual(steps(7));
  expect(steps(8, 20)).not.toEqual(steps(7, 20));
});

test('steps follow one another in time', () => {
  const times = steps(7).map(({ atMs }) => atMs);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
});

test('every other five minutes no replica is killed, paused or rolled', () => {
  const ofProcesses = steps(7).filter(({ step }) => ['kill', 'pause', 'roll'].includes(step.kind));
  expect(ofProcesses.length).toBeGreaterThan(0);
  expect(ofProcesses.filter(({ atMs }) => Math.floor(atMs / SEASON_MS) % 2 === 1)).toEqual([]);
});

test('sooner or later people do everything, and everything goes wrong', () => {
  const all = steps(7).map(({ step }) => step);
  const names = (kind: 'people' | 'faults'): number =>
    new Set(all.filter((step) => isByPeople(step) === (kind === 'people')).map(nameOf)).size;
  const changes = 14;
  const adoptions = ['adopt', 'adopt a pair for other hostnames'];
  const strangers = ['mark', ...CLASHES];
  const originPulls = ['off', "the operator's CA", "people's CA 0", "people's CA 1"];
  const others = ['create', 'resume and let go on', 'delete', 'strip status', 'delete pending', 'revoke'];
  expect(names('people')).toBe(
    changes +
      adoptions.length +
      strangers.length +
      others.length +
      DAMAGES.length +
      ['renew site'].length +
      originPulls.length,
  );
  const lasting = ['outage', 'limit', 'late', 'token refused', 'break origin', 'drift', 'zone anew'];
  const processes = ['kill', 'pause', 'roll', 'API server restarts', 'etcd restarts'];
  expect(names('faults')).toBe(
    lasting.length + processes.length + LOSSES.length + API_TROUBLES.length + BAD_CERTIFICATES.length,
  );
  expect(new Set(all.map(wordsOf)).size).toBeGreaterThan(500);
});
