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

/** Of all that was tried: a busy machine, or servers that restart, cost a few. */
const MOST_FAILED_SHARE = 0.1;

/** Said where so many looks and operations failed on our side that no violation means little. */
export function doubtIn({
  failedLooks,
  visits,
  people,
  faults,
}: Pick<Outcome, 'failedLooks' | 'visits' | 'people' | 'faults'>): readonly string[] {
  const tried = failedLooks + visits + sum(people) + sum(faults);
  return failedLooks > tried * MOST_FAILED_SHARE
    ? [`${failedLooks} of ${tried} looks and operations failed on our side: this soak says little`]
    : [];
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
      ['visits at origins that demanded a client certificate', outcome.shownVisits],
      ['times that an origin began to demand one', outcome.demands],
      ['writes of the operator that somebody else came before', outcome.clashes],
      ['Secrets taken over', outcome.adopted],
      ['certificates that people revoked', outcome.revokedByPeople],
      ['looks and operations that failed on our side', outcome.failedLooks],
      ['characters searched for keys and tokens', outcome.searchedCharacters],
    ]),
    ...doubtIn(outcome),
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
