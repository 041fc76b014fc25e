import { FlagError } from '../support/command-flags.ts';
import { randomFrom } from './random.ts';
import type { Pool } from './pool.ts';
import type { Course, Outcome } from './run.ts';
import { nameOf } from './variant.ts';
import { REAL } from './waits.ts';

/** What went wrong, and the arguments of `npm run kill` that repeat it. */
export interface Violation {
  readonly repeat: string;
  readonly point: string;
  readonly problems: readonly string[];
  /** What the operator logged, one JSON object a line. */
  readonly logs: readonly string[];
}

/** One kill at one point of a course. */
export interface Kill {
  readonly course: Course;
  /** From 1, as `--point` names it. */
  readonly number: number;
  readonly point: string;
  /** In which state of the two servers, numbered in the order of the course's good run. */
  readonly state: number;
  /** Points that do as well. */
  readonly orElse?: readonly string[];
}

export interface Tally {
  /** Points at which the operator was killed. */
  killed: number;
  /** Points of the good run that did not come again. */
  missed: number;
  readonly violations: Violation[];
}

const LOG_LINES = 20;

/** The points of a good run of each course: what all kills are chosen from. Throws when a good run goes wrong. */
export async function survey(pool: Pool, courses: readonly Course[]): Promise<readonly Kill[]> {
  const kills: Kill[] = [];
  await pool.each(courses, async (course) => {
    const { points, violations, logs } = await pool.run(course, () => false);
    if (violations.length > 0)
      throw new Error(
        `${titleOf(course)} without a kill: ${violations.join('; ')}; the end of its log:\n${logs.slice(-LOG_LINES).join('\n')}`,
      );
    kills.push(
      ...points.map(({ name, state }, index) => ({ course, number: index + 1, point: name, state })),
    );
  });
  return kills.toSorted((a, b) => courses.indexOf(a.course) - courses.indexOf(b.course));
}

/** Throws a FlagError where none of the courses has the point: that no kill went wrong would say nothing. */
export function mustHave(kills: readonly Kill[], point: number): void {
  if (kills.some(({ number }) => number === point)) return;
  const counts = [...Map.groupBy(kills, ({ course }) => course).values()].map(({ length }) => length);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const have = least === most ? `${most}` : `${least} to ${most}`;
  throw new FlagError(
    `--point is ${point}: the courses chosen have ${have} points; write one of 1 to ${most}`,
  );
}

/**
 * One kill of all those that leave the same behind; should its message not come again, one of the others. Which of them
 * changes from state to state, so that every kind of message is killed at somewhere.
 */
export function oneInEachState(kills: readonly Kill[]): readonly Kill[] {
  const byCourse = Map.groupBy(kills, ({ course }) => course);
  return [...byCourse.values()].flatMap((own) =>
    [...Map.groupBy(own, ({ state }) => state).values()].flatMap((alike, index) => {
      const [chosen, ...others] = alike.slice(index % Math.ceil(alike.length / 2));
      return chosen === undefined ? [] : { ...chosen, orElse: others.map(({ point }) => point) };
    }),
  );
}

/** Each state in one of the courses, which take turns: so all of them are tried, and none at every state. */
export function coursesInTurn(kills: readonly Kill[]): readonly Kill[] {
  const courses = [...new Set(kills.map(({ course }) => course))];
  return kills.filter(({ course, state }) => (state + courses.indexOf(course)) % courses.length === 0);
}

/** Kills at each of the points, a run each; tells of every run as it ends. */
export async function killAt(
  pool: Pool,
  kills: readonly Kill[],
  onEnd: (kill: Kill, tally: Tally) => void = () => undefined,
  onViolation: (violation: Violation) => Promise<void> = async () => undefined,
): Promise<Tally> {
  const tally: Tally = { killed: 0, missed: 0, violations: [] };
  await pool.each(kills, async (kill) => {
    const { course, number, point, orElse = [] } = kill;
    let isDone = false;
    const outcome = await pool.run(course, (passing) => {
      if (isDone || (passing !== point && !orElse.includes(passing))) return false;
      return (isDone = true);
    });
    if (outcome.kills > 0) tally.killed += 1;
    else tally.missed += 1;
    if (outcome.violations.length > 0) {
      const repeat = `${argumentsOf(course)} --point ${number}`;
      const violation = { repeat, point, problems: outcome.violations, logs: outcome.logs };
      tally.violations.push(violation);
      await onViolation(violation);
    }
    onEnd(kill, tally);
  });
  return tally;
}

const MOST_KILLS = 4;
/** Between two kills of one run at most so many messages pass. */
const MOST_BETWEEN = 40;

/** One run with kills at random points. */
export interface RandomRun {
  readonly course: Course;
  /** Repeats it. */
  readonly seed: number;
}

/** Who is told of runs: one with real waits may take ten minutes, which is not to look like a hang. */
export interface RandomListener {
  readonly onBegin?: (run: RandomRun) => void;
  readonly onEnd?: (run: RandomRun, outcome: Outcome) => void;
  readonly onViolation?: (violation: Violation) => Promise<void>;
}

/** A run of each course with up to four kills at random points; the seed decides which. */
export async function killAtRandom(
  pool: Pick<Pool, 'each' | 'run'>,
  courses: readonly Course[],
  seed: number,
  { onBegin, onEnd, onViolation }: RandomListener = {},
): Promise<Tally> {
  const tally: Tally = { killed: 0, missed: 0, violations: [] };
  const numbered = courses.map((course, index): RandomRun => ({ course, seed: seed + index }));
  await pool.each(numbered, async (numberedRun) => {
    const { course, seed: own } = numberedRun;
    onBegin?.(numberedRun);
    const random = randomFrom(own);
    const next = (): number => 1 + Math.floor(random() * MOST_BETWEEN);
    let left = next();
    let kills = 0;
    const killed: string[] = [];
    const outcome = await pool.run(course, (passing) => {
      left -= 1;
      if (left > 0 || kills === MOST_KILLS) return false;
      kills += 1;
      left = next();
      killed.push(passing);
      return true;
    });
    tally.killed += outcome.kills;
    onEnd?.(numberedRun, outcome);
    if (outcome.violations.length > 0) {
      const repeat = `${argumentsOf(course)} --random 1 --seed ${own}`;
      const point = killed.join(', then ');
      const violation = { repeat, point, problems: outcome.violations, logs: outcome.logs };
      tally.violations.push(violation);
      await onViolation?.(violation);
    }
  });
  return tally;
}

export function titleOf({ flow, variant, waits }: Course): string {
  return `${flow.name} ${nameOf(variant)}${waits === REAL ? ' with real waits' : ''}`;
}

function argumentsOf({ flow, variant, waits }: Course): string {
  return `--flow ${flow.name} --variant ${nameOf(variant)}${waits === REAL ? ' --real' : ''}`;
}
