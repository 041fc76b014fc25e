import { expect, test } from 'vitest';
import { readBenchFlags } from '../../bench/flags.ts';
import { FlagError } from '../../support/command-flags.ts';

test.each<[string[], string]>([
  [['--scale', '--zones', '3'], '--scale and --zones are two measurements: give only one of them\n'],
  [['--zones', '0'], '--zones is 0: write a number from 1\n'],
  [['--certificates', 'many'], '--certificates is "many": write a whole number from 0 to 99999\n'],
  [['--fast'], "Unknown option '--fast'\n"],
])('the bench refuses %j and tells its flags', (args, complaint) => {
  const read = (): unknown => readBenchFlags(args);
  expect(read).toThrow(FlagError);
  expect(read).toThrow(complaint);
  expect(read).toThrow('npm run bench -- --scale');
});

test('the bench takes each of the two alone', () => {
  expect(readBenchFlags(['--scale', '--minutes', '0'])).toMatchObject({ scale: true, minutes: '0' });
  expect(readBenchFlags(['--zones', '3', '--quick'])).toMatchObject({ zones: '3', quick: true });
});
