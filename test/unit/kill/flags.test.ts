import { expect, test } from 'vitest';
import { COURSES } from '../../kill/courses.ts';
import { readKillFlags } from '../../kill/flags.ts';
import { FLOWS } from '../../kill/flows.ts';
import { type Kill, mustHave } from '../../kill/product.ts';
import { ALL_VARIANTS, nameOf } from '../../kill/variant.ts';
import { FlagError } from '../../support/command-flags.ts';

const FLOW_NAMES = FLOWS.map(({ name }) => name).join(', ');
const VARIANT_NAMES = ALL_VARIANTS.map(nameOf).join(', ');
/** A flow that only some surroundings matter to, and one of the others. */
const NARROW = FLOWS.find(({ variants }) => variants !== undefined);
const OWN = (NARROW?.variants ?? []).map(nameOf);
const OTHER = ALL_VARIANTS.map(nameOf).find((name) => !OWN.includes(name)) ?? '';

test.each<[string[], string]>([
  [['--flow', 'renewl'], `--flow is "renewl": write one of ${FLOW_NAMES}\n`],
  [['--variant', '2-late'], `--variant is "2-late": write one of ${VARIANT_NAMES}\n`],
  [
    ['--flow', 'renewal', '--variant', '2-late'],
    `--variant is "2-late": write one of ${VARIANT_NAMES}, which is all that --flow renewal has\n`,
  ],
  [['--flow', NARROW?.name ?? '', '--variant', OTHER], `--variant is "${OTHER}": write`],
  [
    ['--flow', NARROW?.name ?? '', '--variant', OTHER],
    `${OWN.join(', ')}, which is all that --flow ${NARROW?.name} has\n`,
  ],
  [
    ['--flow', 'renewal', '--shard', '9/9'],
    '--shard is "9/9": the courses chosen are only 8; write 1/8 or fewer parts\n',
  ],
  [['--shard', '3/2'], '--shard is "3/2": write one such as 1/8\n'],
  [['--real', '--flow', 'renewal'], '--flow is "renewal": write one of first-issuance, '],
  [['--point', '0'], '--point is "0": write a whole number from 1 to 9999999\n'],
  [['--random', '2', '--point', '3'], '--random chooses its own points: leave out --point, or'],
  [['--random', '2', '--merged'], '--random kills in states as they come: leave out --merged, or'],
  [
    ['--random', '2', '--sample', '5'],
    '--random and --sample are two ways to choose: give only one of them\n',
  ],
  [['--point', '3', '--merged'], '--point names where to kill: leave out --merged, which'],
  [['--real', '--scale', '2'], '--real takes no --scale: its waits are those that'],
  [['--merged', '--seed', '2'], '--seed chooses for --random and --sample: give one of them too, or'],
  [['--seed', 'x', '--random', '1'], '--seed is "x": write'],
  [['--sample', '1', '--seed', 'x'], '--seed is "x": write a whole number from 1 to 9999999\n'],
])('the kill run refuses %j, says what to write and tells its flags', (args, complaint) => {
  const read = (): unknown => readKillFlags(args);
  expect(read).toThrow(FlagError);
  expect(read).toThrow(complaint);
  expect(read).toThrow('npm run kill -- [--flow F]');
});

test('the kill run takes a flow in one of its variants, and all flows in a variant', () => {
  const one = readKillFlags(['--flow', 'renewal', '--variant', '1-early-late', '--point', '3']);
  expect(one).toMatchObject({ point: 3, courses: [{ flow: { name: 'renewal' } }] });
  const all = readKillFlags(['--variant', '1-early-late']);
  expect(all === 'help' ? 0 : all.courses.length).toBeGreaterThan(1);
});

test.each([
  ['a random run of a flow', ['--flow', 'renewal', '--random', '1', '--seed', '3', '--lanes', '2']],
  ['a sample of the merged points', ['--merged', '--sample', '5', '--seed', '3', '--scale', '2']],
  ['random runs of the real flows', ['--real', '--random', '2']],
  ['a sample at one point', ['--point', '3', '--sample', '2']],
])('the kill run takes %s', (_, args) => {
  expect(readKillFlags(args)).not.toBe('help');
});

/** As a survey finds them: so many points of each course. */
function surveyed(...counts: readonly number[]): readonly Kill[] {
  return COURSES.slice(0, counts.length).flatMap((course, index) =>
    Array.from({ length: counts[index] ?? 0 }, (_, at) => ({
      course,
      number: at + 1,
      point: 'GET',
      state: 0,
    })),
  );
}

test.each([
  [[35, 29, 31], 99_999, '--point is 99999: the courses chosen have 29 to 35 points; write one of 1 to 35'],
  [[35], 36, '--point is 36: the courses chosen have 35 points; write one of 1 to 35'],
])(
  'of courses with %j points none is killed at %i, and that is an error of the flags',
  (counts, point, complaint) => {
    expect(() => mustHave(surveyed(...counts), point)).toThrow(new FlagError(complaint));
  },
);

test('a point that one of the courses has will do', () => {
  expect(() => mustHave(surveyed(35, 29), 35)).not.toThrow();
});
