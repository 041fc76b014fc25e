import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FairOrder, type Rank } from '../../../src/kube/fair-order.ts';

function order(...keys: readonly (readonly [key: string, rank: Partial<Rank>])[]): FairOrder {
  const made = new FairOrder();
  for (const [key, rank] of keys) made.add(key, { group: '', lane: '', due: 0, ...rank });
  return made;
}

function takeAll(from: FairOrder, isOpen?: (lane: string) => boolean): string[] {
  const keys: string[] = [];
  for (let next = from.take(isOpen); next !== undefined; next = from.take(isOpen)) keys.push(next.key);
  return keys;
}

describe('the fair order', () => {
  test('gives what is due first, and of equals what came first', () => {
    const keys = order(
      ['late', { due: 9 }],
      ['first', { due: 1 }],
      ['second', { due: 1 }],
      ['mid', { due: 5 }],
    );
    expect(takeAll(keys)).toEqual(['first', 'second', 'mid', 'late']);
  });

  test('lets groups take turns, however urgent one of them is', () => {
    const busy = Array.from({ length: 4 }, (_, at) => [`busy-${at}`, { group: 'busy', due: at }] as const);
    const keys = order(...busy, ['calm', { group: 'calm', due: 1000 }]);
    expect(takeAll(keys)).toEqual(['busy-0', 'calm', 'busy-1', 'busy-2', 'busy-3']);
  });

  test('leaves a group its turn when its only key is added again', () => {
    const keys = order(['a-1', { group: 'a' }], ['b-1', { group: 'b' }], ['c-1', { group: 'c' }]);
    keys.add('a-1', { group: 'a', lane: 'other', due: 7 });
    expect(keys.lanes).toEqual(
      new Map([
        ['', 2],
        ['other', 1],
      ]),
    );
    expect(takeAll(keys)).toEqual(['a-1', 'b-1', 'c-1']);
    expect(keys.size).toBe(0);
  });

  test('puts a group that had its turn behind one that came meanwhile', () => {
    const keys = order(['a-1', { group: 'a' }], ['a-2', { group: 'a' }]);
    expect(keys.take()?.key).toBe('a-1');
    keys.add('b-1', { group: 'b', lane: '', due: 0 });
    expect(takeAll(keys)).toEqual(['a-2', 'b-1']);
    keys.add('a-3', { group: 'a', lane: '', due: 0 });
    keys.add('b-2', { group: 'b', lane: '', due: 0 });
    keys.add('a-4', { group: 'a', lane: '', due: 0 });
    expect(takeAll(keys)).toEqual(['a-3', 'b-2', 'a-4']);
  });

  test('passes over lanes that are shut, and keeps the turn of a group that has no other', () => {
    const keys = order(
      ['shut', { group: 'a', lane: 'shut', due: 0 }],
      ['b-1', { group: 'b', due: 0 }],
      ['b-2', { group: 'b', due: 1 }],
    );
    expect(keys.take((lane) => lane !== 'shut')?.key).toBe('b-1');
    expect(keys.take()?.key).toBe('shut');
    expect(takeAll(order(['x', { lane: 'shut' }]), () => false)).toEqual([]);
  });

  test('moves a key that is added again, and forgets one that is deleted', () => {
    const keys = order(['a', { due: 1 }], ['b', { due: 2 }], ['c', { due: 3 }]);
    keys.add('a', { group: 'other', lane: 'lane', due: 9 });
    expect(keys.delete('b')).toBe(true);
    expect(keys.delete('b')).toBe(false);
    expect([...keys.lanes]).toEqual([
      ['', 1],
      ['lane', 1],
    ]);
    expect(takeAll(keys)).toEqual(['c', 'a']);
    expect(keys).toMatchObject({ size: 0, lanes: new Map() });
  });
});

describe('whatever is added, the fair order', () => {
  const groups = fc.constantFrom('a', 'b', 'c', 'd', 'e');
  const lanes = fc.constantFrom('one', 'two');
  const ranks = fc.record({ group: groups, lane: lanes, due: fc.nat(20) });

  test('gives each key once, and lets no group wait for more than one turn of each other', () => {
    fc.assert(
      fc.property(fc.array(ranks, { minLength: 1, maxLength: 80 }), (added) => {
        const keys = new FairOrder();
        added.forEach((rank, at) => keys.add(String(at), rank));
        const taken: Rank[] = [];
        for (let next = keys.take(); next !== undefined; next = keys.take()) taken.push(next.rank);
        expect(taken).toHaveLength(added.length);
        for (const group of new Set(added.map((rank) => rank.group))) {
          const dues = taken.filter((rank) => rank.group === group).map(({ due }) => due);
          expect(dues).toEqual(dues.toSorted((x, y) => x - y));
          expect(worstWait(taken, group)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  test('counts its lanes right and stays small, whatever comes and goes', () => {
    const steps = fc.array(fc.tuple(fc.nat(12).map(String), fc.option(ranks, { nil: undefined })), {
      maxLength: 300,
    });
    fc.assert(
      fc.property(steps, (made) => {
        const keys = new FairOrder();
        const model = new Map<string, Rank>();
        for (const [key, rank] of made) {
          if (rank === undefined) {
            keys.delete(key);
            model.delete(key);
          } else {
            keys.add(key, rank);
            model.set(key, rank);
          }
        }
        const counts = Map.groupBy(model.values(), ({ lane }) => lane);
        expect(new Map(keys.lanes)).toEqual(new Map([...counts].map(([lane, all]) => [lane, all.length])));
        expect(takeAll(keys).toSorted()).toEqual([...model.keys()].toSorted());
      }),
    );
  });
});

/** How many turns of one other group stand before the first, or between two, turns of this one, at most. */
function worstWait(taken: readonly Rank[], group: string): number {
  let worst = 0;
  let others = new Map<string, number>();
  for (const rank of taken.slice(
    0,
    taken.findLastIndex((each) => each.group === group),
  )) {
    if (rank.group === group) others = new Map();
    else others.set(rank.group, (others.get(rank.group) ?? 0) + 1);
    worst = Math.max(worst, ...others.values());
  }
  return worst;
}
