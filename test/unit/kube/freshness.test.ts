import { afterEach, describe, expect, test, vi } from 'vitest';
import { Freshness, StaleError } from '../../../src/kube/freshness.ts';
import { NotYet, waitFor } from '../../support/wait.ts';

const never = (): Promise<never> => Promise.reject(new Error('not asked'));

afterEach(() => void vi.useRealTimers());

describe('what is known of the world', () => {
  test('is fresh for 15 s after an answered read began; after that nothing may have an effect', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    let lastReadMs = Number.NEGATIVE_INFINITY;
    const freshness = new Freshness({ lastReadMs: () => lastReadMs, read: never });
    expect(() => freshness.assertFresh('write')).toThrow('the API server was not read yet');
    lastReadMs = performance.now();
    vi.advanceTimersByTime(15_000);
    expect(() => freshness.assertFresh('write')).not.toThrow();
    vi.advanceTimersByTime(1);
    expect(() => freshness.assertFresh('write')).toThrow(StaleError);
    expect(() => freshness.assertFresh('read')).not.toThrow();
    vi.advanceTimersByTime(7000);
    expect(freshness.problem()).toBe('the API server was last read 22 s ago');
  });

  test('is kept fresh by small reads; when they fail that is told once, and once that they do not any more', async () => {
    let answers = true;
    let lastReadMs = Number.NEGATIVE_INFINITY;
    let looks = 0;
    const told: string[] = [];
    const freshness = new Freshness({
      limitMs: 300,
      lastReadMs: () => lastReadMs,
      read: async () => {
        looks += 1;
        if (!answers) throw new Error('nobody there');
        lastReadMs = performance.now();
      },
      onStale: (error) => void told.push(`stale: ${String(error)}`),
      onFresh: () => void told.push('fresh'),
    });
    const end = new AbortController();
    const ended = freshness.run(end.signal);
    const until = (...words: readonly string[]): Promise<unknown> =>
      waitFor(words.join(), () => told.join() === words.join() || new NotYet(told), { timeoutMs: 8000 });
    const more = (): Promise<unknown> => {
      const enough = looks + 5;
      return waitFor('more looks', () => looks >= enough, { timeoutMs: 8000 });
    };
    await more();
    await until();
    answers = false;
    await until('stale: Error: nobody there');
    await more();
    await until('stale: Error: nobody there');
    answers = true;
    await until('stale: Error: nobody there', 'fresh');
    expect(freshness.problem()).toBeUndefined();
    end.abort();
    await ended;
  });

  test('needs no reads of its own while others read', async () => {
    let asked = 0;
    const lastReadMs = (): number => {
      asked += 1;
      return performance.now();
    };
    const read = vi.fn<typeof never>(never);
    const end = new AbortController();
    const ended = new Freshness({ limitMs: 50, lastReadMs, read }).run(end.signal);
    await waitFor('many rounds', () => asked > 20, { timeoutMs: 8000 });
    end.abort();
    await ended;
    expect(read).not.toHaveBeenCalled();
  });
});
