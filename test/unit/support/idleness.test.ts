import { expect, test } from 'vitest';
import { Idleness } from '../../support/idleness.ts';

const scrape = ({ depth = 0, active = 0, adds = 5 } = {}): string =>
  [
    'controller_runtime_active_workers{controller="certificate"} ' + active,
    'workqueue_depth{name="certificate",controller="certificate"} ' + depth,
    'workqueue_adds_total{name="certificate",controller="certificate"} ' + adds,
    'workqueue_adds_total{name="issuer",controller="issuer"} 2',
  ].join('\n');

test('is idle when two scrapes in a row show neither waiting nor work, and nothing came in between', () => {
  const idleness = new Idleness();
  expect(idleness.look(scrape())).toBe(false);
  expect(idleness.look(scrape())).toBe(true);
  expect(idleness.look(scrape({ adds: 6 }))).toBe(false);
  expect(idleness.look(scrape({ adds: 6 }))).toBe(true);
});

test.each([{ depth: 1 }, { active: 1 }])(
  'is busy with %j, and not idle with the first scrape after it',
  (busy) => {
    const idleness = new Idleness();
    idleness.look(scrape());
    expect(idleness.look(scrape(busy))).toBe(false);
    expect(idleness.look(scrape())).toBe(false);
    expect(idleness.look(scrape())).toBe(true);
  },
);
