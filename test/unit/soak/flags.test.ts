import { expect, test } from 'vitest';
import { readSoakFlags } from '../../soak/flags.ts';
import { FlagError } from '../../support/command-flags.ts';

test.each<[string[], string]>([
  [['--minutes', 'five'], '--minutes is "five": write a number above 0, such as 5 or 0.5\n'],
  [['--minutes', '0.0'], '--minutes is "0.0": write a number above 0, such as 5 or 0.5\n'],
  [['--slots', '0'], '--slots is "0": write a whole number from 1 to 999\n'],
  [['--slots', '1000'], '--slots is "1000": write a whole number from 1 to 999\n'],
  [['--seed', 'x'], '--seed is "x": write a whole number from 1 to 9999999\n'],
  [['--seed', '1.5'], '--seed is "1.5": write a whole number from 1 to 9999999\n'],
  [['--for-ever'], "Unknown option '--for-ever'"],
])('the soak refuses %j, says what to write and tells its flags', (args, complaint) => {
  const read = (): unknown => readSoakFlags(args);
  expect(read).toThrow(FlagError);
  expect(read).toThrow(complaint);
  expect(read).toThrow('npm run soak -- [--minutes M]');
});

test('the soak takes fractions of a minute and the ends of what it takes', () => {
  expect(readSoakFlags(['--minutes', '0.5', '--slots', '999', '--seed', '9999999'])).toMatchObject({
    minutes: 0.5,
    slots: 999,
    seed: 9_999_999,
  });
  expect(readSoakFlags([])).toMatchObject({ minutes: 5, slots: 8 });
});
