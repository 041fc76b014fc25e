import { describe, expect, test } from 'vitest';
import { Unreached } from '../../../src/probe/unreached.ts';
import { TestClock } from '../../support/test-clock.ts';

const at = (clock: TestClock) => ({
  moment: { beganMs: clock.monotonic(), at: clock.now() },
  dialled: { kind: 'no-connection', why: 'silence', code: 'ETIMEDOUT' } as const,
});

describe('an address that gave no connection', () => {
  test('is known to those who wanted a look before, and to nobody else', async () => {
    const clock = new TestClock();
    const unreached = new Unreached(clock);
    await clock.advance(1_000);
    const found = at(clock);
    unreached.note('a', found);
    expect(unreached.find('a', 1_000)).toBe(found);
    expect(unreached.find('a', 1_001)).toBeUndefined();
    expect(unreached.find('b', 0)).toBeUndefined();
  });

  test('is forgotten once it is reached', () => {
    const clock = new TestClock();
    const unreached = new Unreached(clock);
    unreached.note('a', at(clock));
    unreached.forget('a');
    expect(unreached.find('a', 0)).toBeUndefined();
  });

  test('is not kept for ever', async () => {
    const clock = new TestClock();
    const unreached = new Unreached(clock);
    unreached.note('a', at(clock));
    await clock.advance(61_000);
    unreached.note('b', at(clock));
    expect(unreached.find('a', 0)).toBeUndefined();
    expect(unreached.find('b', 0)).toBeDefined();
  });
});
