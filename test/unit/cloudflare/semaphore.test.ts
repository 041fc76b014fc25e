import { describe, expect, test } from 'vitest';
import { Semaphore } from '../../../src/cloudflare/semaphore.ts';

const never = new AbortController().signal;

describe('Semaphore', () => {
  test('lets so many in and hands each slot on in the order of asking', async () => {
    const semaphore = new Semaphore(2);
    const order: number[] = [];
    const releases = await Promise.all([semaphore.acquire(never), semaphore.acquire(never)]);
    const third = semaphore.acquire(never).then((release) => (order.push(3), release));
    const fourth = semaphore.acquire(never).then((release) => (order.push(4), release));
    await Promise.resolve();
    expect(order).toEqual([]);
    releases[0]!();
    (await third)();
    await fourth;
    expect(order).toEqual([3, 4]);
  });

  test('one that gives up leaves the queue, and its turn goes to the next', async () => {
    const semaphore = new Semaphore(1);
    const release = await semaphore.acquire(never);
    const quitter = new AbortController();
    const given = semaphore.acquire(quitter.signal);
    const next = semaphore.acquire(never);
    quitter.abort(new Error('enough'));
    await expect(given).rejects.toThrow('enough');
    release();
    (await next)();
    await expect(semaphore.acquire(never)).resolves.toBeTypeOf('function');
  });

  test('refuses one that has given up before', async () => {
    await expect(new Semaphore(1).acquire(AbortSignal.abort(new Error('early')))).rejects.toThrow('early');
  });
});
