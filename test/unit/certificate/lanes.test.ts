import { beforeEach, describe, expect, test } from 'vitest';
import { Lanes } from '../../../src/certificate/lanes.ts';
import type { Want } from '../../../src/cloudflare/turns.ts';

const WANT: Want = { account: 'token', operation: 'create_certificate' };

let lanes: Lanes;

beforeEach(() => {
  lanes = new Lanes();
});

function join(key: string, want: Partial<Want> = {}, due = 0): void {
  lanes.join(key, { ...WANT, ...want, asker: key }, { group: 'team', due });
}

/** All that are left, in order. */
function rest(): string[] {
  const keys: string[] = [];
  for (let next = lanes.take(() => true); next; next = lanes.take(() => true)) keys.push(next.key);
  return keys;
}

describe('those who wait', () => {
  test.each<[string, Partial<Want>]>([
    ['token', { account: 'another' }],
    ['operation', { operation: 'get_certificate' }],
    ['number of requests', { requests: 2 }],
    ['place', { place: 'example.com' }],
  ])('stand in one lane unless they need another %s', (_, other) => {
    join('a');
    join('b', { requests: 1 });
    expect(lanes.list()).toEqual([{ want: { ...WANT, requests: 1, asker: undefined }, waiting: 2 }]);
    join('c', other);
    expect(lanes.list().map(({ waiting }) => waiting)).toEqual([2, 1]);
    expect(lanes.size).toBe(3);
  });

  test('are taken in their order, of open lanes only, with what they wait for', () => {
    join('late', {}, 30);
    join('shut', { account: 'stopped' }, 10);
    join('soon', {}, 20);
    const isOpen = ({ account }: Want): boolean => account === 'token';
    expect(lanes.take(isOpen)).toEqual({ key: 'soon', want: { ...WANT, asker: 'soon' } });
    expect(lanes.take(isOpen)?.key).toBe('late');
    expect(lanes.take(isOpen)).toBeUndefined();
    expect(rest()).toEqual(['shut']);
  });

  test('keep the better place when they come again, and lose it when they leave', () => {
    join('first', {}, 10);
    join('second', {}, 20);
    join('first', {}, 30);
    expect(rest()).toEqual(['first', 'second']);
    join('first', {}, 10);
    join('second', {}, 20);
    lanes.leave('first');
    join('first', {}, 30);
    expect(rest()).toEqual(['second', 'first']);
  });

  test('stand in the lane of what they need now, and in no other', () => {
    join('a');
    join('a', { operation: 'get_certificate' });
    expect(lanes.list()).toMatchObject([{ want: { operation: 'get_certificate' }, waiting: 1 }]);
  });

  test('are there for good, while ever new lanes are emptied again', () => {
    join('stays', { place: 'here' });
    for (let at = 0; at < 3000; at += 1) {
      join('passes', { place: `place ${at}` });
      lanes.leave('passes');
    }
    expect(lanes.list()).toMatchObject([{ want: { place: 'here' }, waiting: 1 }]);
    expect(lanes.take(() => true)).toMatchObject({ key: 'stays', want: { place: 'here' } });
  });
});
