import { describe, expect, test } from 'vitest';
import { NotYet, waitFor } from '../../support/wait.ts';

const SOON = { timeoutMs: 100, intervalMs: 5 };

describe('waitFor', () => {
  test('looks again while a probe is falsy, says not yet or throws, and gives what it then finds', async () => {
    const looks = [
      () => undefined,
      () => new NotYet('a glimpse'),
      () => {
        throw new Error('stumbled');
      },
      () => 'found',
    ];
    expect(await waitFor('a find', () => looks.shift()?.(), SOON)).toBe('found');
  });

  test.each<[string, () => unknown, RegExp]>([
    ['a falsy value', () => 0, /last saw: 0$/],
    ['what a probe has to show', () => new NotYet({ ready: 'False' }), /last saw: \{ ready: 'False' \}$/],
    ['a sentence as it is', () => new NotYet('still "there"'), /last saw: still "there"$/],
    ['the error of a probe', () => Promise.reject(new Error('refused')), /last saw: Error: refused/],
    [
      'that a look hangs',
      () => new Promise(() => undefined),
      /looked 0 times, last saw: nothing, the first look/,
    ],
  ])('shows %s when the deadline passes', async (_what, probe, shown) => {
    await expect(waitFor('a find', probe, SOON)).rejects.toThrow(
      /^waited 100 ms for a find; looked \d+ times/,
    );
    await expect(waitFor('a find', probe, SOON)).rejects.toThrow(shown);
  });

  test('gives up early with the reason of its signal', async () => {
    const cancel = new AbortController();
    const waiting = waitFor('a find', () => false, { timeoutMs: 60_000, signal: cancel.signal });
    cancel.abort(new Error('never mind'));
    await expect(waiting).rejects.toThrow('never mind');
  });
});
