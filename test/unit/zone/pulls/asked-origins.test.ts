import { beforeEach, expect, test } from 'vitest';
import { AskedOrigins } from '../../../../src/zone/pulls/asked.ts';
import { TestClock } from '../../../support/test-clock.ts';

const MINUTE = 60_000;

let clock: TestClock;
let asked: AskedOrigins;
beforeEach(() => {
  clock = new TestClock();
  asked = new AskedOrigins(clock);
});

test('origins that take the CA are believed for a minute, and of the CA that was asked about', async () => {
  expect(asked.acceptanceOf('CA')).toEqual({ state: 'unasked' });
  asked.begin('CA');
  await clock.advance(2 * MINUTE);
  expect(asked.acceptanceOf('CA')).toEqual({ state: 'asking' });
  asked.answered('CA', []);
  expect(asked.acceptanceOf('CA')).toEqual({ state: 'accepted' });
  expect(asked.acceptanceOf('another')).toEqual({ state: 'unasked' });
  await clock.advance(MINUTE);
  expect(asked.acceptanceOf('CA')).toEqual({ state: 'unasked' });
});

test('a refusal stands while they are asked again, later each time', async () => {
  for (const minutes of [1, 2, 4, 5, 5]) {
    asked.begin('CA');
    asked.answered('CA', ['www']);
    await clock.advance(minutes * MINUTE - 1);
    expect(asked.acceptanceOf('CA')).toEqual({ state: 'refused', by: ['www'], isDue: false });
    await clock.advance(1);
    expect(asked.acceptanceOf('CA')).toEqual({ state: 'refused', by: ['www'], isDue: true });
  }
  asked.begin('CA');
  expect(asked.acceptanceOf('CA')).toEqual({ state: 'refused', by: ['www'], isDue: false });
  asked.answered('CA', undefined);
  expect(asked.acceptanceOf('CA')).toEqual({ state: 'refused', by: ['www'], isDue: false });
  asked.answered('CA', ['shop']);
  expect(asked.acceptanceOf('CA')).toMatchObject({ by: ['shop'] });
  asked.answered('CA', []);
  expect(asked.acceptanceOf('CA')).toEqual({ state: 'accepted' });
});

test('nothing of one CA holds for another', () => {
  asked.answered('CA', ['www']);
  asked.begin('another');
  expect(asked.acceptanceOf('another')).toEqual({ state: 'asking' });
  expect(asked.acceptanceOf('CA')).toEqual({ state: 'unasked' });
});

test('origins that could not be asked are asked again after a while', async () => {
  asked.begin('CA');
  asked.answered('CA', undefined);
  expect(asked.acceptanceOf('CA')).toEqual({ state: 'asking' });
  await clock.advance(MINUTE);
  expect(asked.acceptanceOf('CA')).toEqual({ state: 'unasked' });
});
