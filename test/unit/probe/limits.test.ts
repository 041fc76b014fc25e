import { setImmediate as macrotask } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { Limits } from '../../../src/probe/limits.ts';
import { TestClock } from '../../support/test-clock.ts';

const never = new AbortController().signal;
const make = (clock: TestClock): Limits => new Limits({ clock, concurrency: 3, ratePerSecond: 4 });

describe('the limits of probing', () => {
  test('so many connections at once after a pause, then one by one', async () => {
    const clock = new TestClock();
    const limits = make(clock);
    const turn = await limits.turn('a', never);
    const times: number[] = [];
    const connect = async (): Promise<void> => {
      await turn.connection(never);
      times.push(clock.monotonic());
    };
    const all = Promise.all(Array.from({ length: 8 }, connect));
    await clock.advance(1_000);
    await all;
    expect(times).toEqual([0, 0, 0, 0, 250, 500, 750, 1_000]);
    await clock.advance(500);
    await Promise.all([connect(), connect()]);
    expect(times.slice(8)).toEqual([1_500, 1_500]);
  });

  test('one turn at an address, three in all, first come, first served', async () => {
    const limits = make(new TestClock());
    const order: string[] = [];
    const take = async (address: string, name: string) => {
      const turn = await limits.turn(address, never);
      order.push(name);
      return turn;
    };
    const first = await take('a', 'a1');
    const waiting = [take('a', 'a2'), take('b', 'b1'), take('c', 'c1'), take('d', 'd1')];
    await macrotask();
    expect(order).toEqual(['a1', 'b1', 'c1']);
    first.end();
    await macrotask();
    expect(order).toEqual(['a1', 'b1', 'c1', 'd1']);
    (await waiting[1])?.end();
    await macrotask();
    expect(order).toEqual(['a1', 'b1', 'c1', 'd1', 'a2']);
    for (const turn of await Promise.all([waiting[0], waiting[2], waiting[3]])) turn?.end();
    expect(limits.places).toBe(0);
  });

  test('who gives up leaves no trace', async () => {
    const limits = make(new TestClock());
    const held = await Promise.all(['a', 'b', 'c'].map((address) => limits.turn(address, never)));
    const abort = new AbortController();
    const waiting = ['a', 'd'].map((address) => limits.turn(address, abort.signal));
    abort.abort(new Error('enough'));
    for (const turn of waiting) await expect(turn).rejects.toThrow('enough');
    for (const turn of held) turn.end();
    expect(limits.places).toBe(0);
    const turns = await Promise.all(['a', 'b', 'd'].map((address) => limits.turn(address, never)));
    expect(turns).toHaveLength(3);
  });
});
