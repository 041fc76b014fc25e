import { expect, test } from 'vitest';
import { readBenchFlags } from '../../bench/flags.ts';
import { FlagError } from '../../support/command-flags.ts';

test.each<[string[], string]>([
  [['--scale', '--zones', '3'], '--scale and --zones are two measurements: give only one of them\n'],
  [['--scale', '--soak'], '--scale and --soak are two measurements: give only one of them\n'],
  [['--scale', '--delay', '150'], '--scale takes no --delay: its Cloudflare answers at once\n'],
  [
    ['--scale', '--quick'],
    '--scale takes no --quick: for a smaller --scale write --certificates 200 --secrets 500 --minutes 1\n',
  ],
  [
    ['--zones', '3', '--certificates', '5'],
    '--zones measures nothing that --certificates is for: leave out one of the two\n',
  ],
  [
    ['--zones', '3', '--delay', '5'],
    '--zones measures nothing that --delay is for: leave out one of the two\n',
  ],
  [
    ['--zones', '3', '--profile', 'here'],
    '--zones measures nothing that --profile is for: leave out one of the two\n',
  ],
  [['--zones', '3', '--soak'], '--zones and --soak are two measurements: give only one of them\n'],
  [['--zones', '3', '--minutes', '5'], '--minutes needs --scale\n'],
  [['--quick', '--certificates', '5'], '--quick is --certificates 200: give only one of them\n'],
  [['--minutes', '1'], '--minutes needs --scale\n'],
  [['--quick', '--secrets', '500'], '--secrets needs --scale\n'],
  [['--zones', '0'], '--zones is "0": write a whole number from 1 to 99999\n'],
  [['--certificates', 'many'], '--certificates is "many": write a whole number from 1 to 99999\n'],
  [['--scale', '--minutes', '-1.5'], "Option '--minutes' argument is ambiguous"],
  [['--delay=1.5'], '--delay is "1.5": write a whole number from 0 to 99999\n'],
  [['--fast'], "Unknown option '--fast'\n"],
])('the bench refuses %j and tells its flags', (args, complaint) => {
  const read = (): unknown => readBenchFlags(args);
  expect(read).toThrow(FlagError);
  expect(read).toThrow(complaint);
  expect(read).toThrow('npm run bench -- --scale');
});

test('the bench takes what it advises for a smaller measurement', () => {
  const advised = ['--scale', '--certificates', '200', '--secrets', '500', '--minutes', '1'];
  expect(readBenchFlags(advised)).toMatchObject({ scale: true, certificates: '200', secrets: '500' });
});

test('the bench takes each of the two alone', () => {
  expect(readBenchFlags(['--scale', '--minutes', '0'])).toMatchObject({ scale: true, minutes: '0' });
  expect(readBenchFlags(['--zones', '3', '--quick'])).toMatchObject({ zones: '3', quick: true });
});
