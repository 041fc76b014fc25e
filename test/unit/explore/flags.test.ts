import { expect, test } from 'vitest';
import { readExploreFlags } from '../../explore/flags.ts';
import { MUTATIONS } from '../../explore/mutations.ts';
import { FULL } from '../../explore/worlds.ts';
import { FlagError } from '../../support/command-flags.ts';

test.each<[string[], string]>([
  [
    ['--mutations', '--rule', 'zzz'],
    `--rule is "zzz": no rule has these words; write a part of one, such as "${MUTATIONS[0]?.rule}", "`,
  ],
  [['--rule', 'the POST'], '--rule needs --mutations\n'],
  [
    ['--worlds', '0'],
    `--worlds is "0": write a range within the ${FULL.length} worlds, such as 2-3, 2- or 2\n`,
  ],
  [['--worlds', '3-2'], '--worlds is "3-2": write a range'],
  [['--worlds', '9999'], '--worlds is "9999": write a range'],
  [['--tiny'], "Unknown option '--tiny'"],
])('the exploration refuses %j, says what to write and tells its flags', (args, complaint) => {
  const read = (): unknown => readExploreFlags(args);
  expect(read).toThrow(FlagError);
  expect(read).toThrow(complaint);
  expect(read).toThrow('npm run explore -- [--small]');
});

test('the exploration takes away all rules, or those with the words', () => {
  expect(readExploreFlags(['--mutations'])).toMatchObject({ mutations: MUTATIONS, withTrace: false });
  const [first] = MUTATIONS;
  expect(readExploreFlags(['--mutations', '--rule', first?.rule ?? ''])).toMatchObject({
    mutations: [first],
    withTrace: true,
  });
  expect(readExploreFlags([])).toMatchObject({ worlds: [1, FULL.length], mutations: undefined });
});
