import type { Violation } from './journal.ts';
import type { Outcome } from './soak.ts';

/** A violation in words, with what led to it and the command that repeats its steps. */
export function violationWords({ atSeconds, what, operations }: Violation, repeat: string): string {
  return [
    `VIOLATION at ${atSeconds.toFixed(1)} s: ${what}`,
    `  again: ${repeat}`,
    '  the last operations:',
    ...operations.map((operation) => `    ${operation}`),
  ].join('\n');
}

/** What a soak came to, as a table. */
export function reportOf(outcome: Outcome): string {
  const { people, faults, account, memory, violations } = outcome;
  const { issued, revoked, inSecrets, superseded, allowed, refused } = account;
  const slope = memory.slope();
  return [
    `operations of people: ${sum(people)}`,
    ...lines(people),
    `faults: ${sum(faults)}`,
    ...lines(faults),
    'certificates',
    ...lines([
      ['issued', issued],
      ['revoked', revoked],
      ['in a Secret', inSecrets],
      ['in status.superseded', superseded],
      ...allowed,
    ]),
    'objects that had to be helped when all was over',
    ...lines(refused.size === 0 ? [['none', 0]] : refused),
    'time',
    ...lines([
      ['until all was at rest, seconds', round(outcome.restSeconds)],
      [
        'longest that an object was not Ready and did not say why, seconds',
        round(outcome.longestUnhealedSeconds),
      ],
    ]),
    'replicas',
    ...lines([
      ['ends', outcome.ends],
      ['lives looked at', memory.lives],
      ['longest life looked at, minutes', round(memory.longestMinutes)],
      ['most memory, MB', round(memory.mostMb)],
      ['growth, MB an hour', slope === undefined ? 'no life was long enough' : round(slope)],
      ['most memory in each tenth of the run, MB', memory.course().join(' ')],
    ]),
    'seen',
    ...lines([
      ['visits', outcome.visits],
      ['visits refused while the origin was broken', outcome.refusedVisits],
      ['writes of the operator that somebody else came before', outcome.clashes],
      ['looks and operations that failed on our side', outcome.failedLooks],
      ['characters searched for keys and tokens', outcome.searchedCharacters],
    ]),
    `${violations.length} violations`,
  ].join('\n');
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}

function lines(entries: Iterable<readonly [string, string | number]>): readonly string[] {
  return [...entries].map(([name, value]) => `  ${String(value).padStart(10)}  ${name}`);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
