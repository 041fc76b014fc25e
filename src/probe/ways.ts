import type { ProbeResult, Verdict } from './types.ts';

/** Nothing was heard from there. */
const UNANSWERED: ReadonlySet<ProbeResult> = new Set(['Refused', 'Timeout', 'Unverifiable']);

/**
 * The edge goes where the record leads. Once all of that was seen to be good, a route that leads nowhere says nothing;
 * one that answers must still be good, as the record may lead there tomorrow.
 */
export function withoutIdleRoutes(verdicts: readonly Verdict[]): readonly Verdict[] {
  return byName(verdicts, ({ record, routes }) =>
    isAll(record, 'Valid') ? [...record, ...routes.filter(answers)] : [...record, ...routes],
  );
}

/**
 * What can be told from here of a name whose record leads where nobody gets from inside the cluster (no hairpin NAT):
 * what its routes serve, once all of them answer. While one of them does not, nobody can say whether that hurts. It is
 * for what informs, and for when to revoke what was replaced, which is else told by time alone: nothing that somebody
 * routes in the cluster makes the edge's way a good one.
 */
export function asSeenFromHere(verdicts: readonly Verdict[]): readonly Verdict[] {
  return byName(verdicts, ({ record, routes }) => {
    const answering = routes.filter(answers);
    if (answering.length === 0 || !isAll(record, 'Unverifiable')) return [...record, ...routes];
    return answering.length === routes.length ? routes : [...record, ...answering];
  });
}

/** The ways to one name. */
interface Ways {
  readonly record: readonly Verdict[];
  readonly routes: readonly Verdict[];
}

function byName(
  verdicts: readonly Verdict[],
  choose: (ways: Ways) => readonly Verdict[],
): readonly Verdict[] {
  const names = Map.groupBy(verdicts, ({ hostname }) => hostname);
  return [...names.values()].flatMap((all) =>
    choose({
      record: all.filter(({ fromRecord }) => fromRecord),
      routes: all.filter(({ fromRecord }) => !fromRecord),
    }),
  );
}

function isAll(record: readonly Verdict[], wanted: ProbeResult): boolean {
  return record.length > 0 && record.every(({ result }) => result === wanted);
}

function answers({ result }: Verdict): boolean {
  return !UNANSWERED.has(result);
}
