import { expect, test } from 'vitest';
import { PullMemories, PullMemory, type RawReading } from '../../../../src/zone/pulls/memory.ts';
import { TestClock } from '../../../support/test-clock.ts';

const MINUTE = 60_000;
const READING: RawReading = {
  shared: { on: false, editable: true, modifiedOn: undefined },
  enabled: false,
  certificates: [],
};

test('an age is counted from the first sight, and anew after a break', async () => {
  const clock = new TestClock();
  const memory = new PullMemory(clock);
  expect(memory.age('a', true)).toBe(0);
  await clock.advance(1000);
  expect(memory.age('a', true)).toBe(1000);
  expect(memory.age('a', false)).toBe(0);
  await clock.advance(1000);
  expect(memory.age('a', true)).toBe(0);
});

test('an age of one value ends when another takes its place', async () => {
  const clock = new TestClock();
  const memory = new PullMemory(clock);
  memory.ageOf('bundle', 'one');
  await clock.advance(1000);
  expect(memory.ageOf('bundle', 'one')).toBe(1000);
  expect(memory.ageOf('bundle', 'two')).toBe(0);
  expect(memory.ageOf('bundle', 'one')).toBe(0);
  await clock.advance(1000);
  expect(memory.ageOf('bundle', undefined)).toBe(0);
  expect(memory.ageOf('bundle', 'one')).toBe(0);
});

test('a reading is kept for a while, for the same state of the object, until something is under way', async () => {
  const clock = new TestClock();
  const memory = new PullMemory(clock);
  memory.enter('generation 1');
  memory.keep(clock.monotonic(), READING);
  memory.enter('generation 1');
  expect(memory.kept(MINUTE)).toEqual({ raw: READING, ageMs: 0 });
  await clock.advance(MINUTE);
  expect(memory.kept(MINUTE)).toBeUndefined();
  expect(memory.kept(2 * MINUTE)).toEqual({ raw: READING, ageMs: MINUTE });
  memory.enter('generation 2');
  expect(memory.kept(2 * MINUTE)).toBeUndefined();
  memory.keep(clock.monotonic(), READING);
  memory.expire();
  expect(memory.kept(MINUTE)).toBeUndefined();
});

test('each failed deployment doubles the wait, up to an hour, until one succeeds', async () => {
  const memory = new PullMemory(new TestClock());
  const waits = Array.from({ length: 8 }, () => {
    memory.deploymentFailed();
    return memory.backoffMs / MINUTE;
  });
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
  memory.deployed();
  expect(memory.backoffMs).toBe(0);
});

test('another object under the same name has a memory of its own', () => {
  const memories = new PullMemories(new TestClock());
  const first = memories.of({ name: 'example.com', uid: '1' });
  expect(memories.of({ name: 'example.com', uid: '1' })).toBe(first);
  expect(memories.of({ name: 'example.com', uid: '2' })).not.toBe(first);
  const again = memories.of({ name: 'example.com', uid: '2' });
  memories.forget('example.com');
  expect(memories.of({ name: 'example.com', uid: '2' })).not.toBe(again);
});
