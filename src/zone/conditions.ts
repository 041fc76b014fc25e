import { type Condition, STALL_AFTER_MS } from '../api/conditions.ts';
import type { Problem } from './concern.ts';
import type { Finding } from './ready.ts';
import { wordsOf, wordsOfAll } from './settings-difference.ts';
import type { SettingAction } from './world.ts';

/** A condition before it is dated. */
export type Said = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>;
type Dated = Pick<Condition, 'type' | 'status' | 'reason' | 'message' | 'lastTransitionTime'>;

/** What the conditions of a zone follow from. */
export interface Spoken {
  readonly finding: Finding;
  /** Undefined where Cloudflare could not be asked at all. */
  readonly actions: readonly SettingAction[] | undefined;
  /** Whether what was not read waits for nothing but our own budget, which is no news. */
  readonly isWaiting: boolean;
  readonly verified: Omit<Said, 'type'> | undefined;
  /** What else a person should know; the first is the worst. */
  readonly problems: readonly Problem[];
  /** Of the concerns that belong to being in sync. */
  readonly pullProblems: readonly Problem[];
}

/** Pure: Ready, InSync, OriginsVerified, and Stalled while a person is needed. */
export function conditionsOf(spoken: Spoken, before: readonly Dated[], nowMs: number): readonly Said[] {
  const ready = readyOf(spoken.finding, find(before, 'Ready'));
  const inSync = inSyncOf(spoken, find(before, 'InSync'));
  const verified = verifiedOf(spoken);
  const stalled = stalledBy(spoken, ready, find(before, 'Ready'), nowMs);
  return [
    ready,
    { type: 'InSync', ...inSync },
    { type: 'OriginsVerified', ...verified },
    ...(stalled === undefined ? [] : [{ type: 'Stalled', status: 'True' as const, ...stalled }]),
  ];
}

function readyOf(finding: Finding, last: Dated | undefined): Said {
  const { message } = finding;
  switch (finding.outcome) {
    case 'observed':
      return { type: 'Ready', status: 'True', reason: 'Observed', message };
    case 'refused':
      return { type: 'Ready', status: 'False', reason: finding.reason, message };
    case 'unavailable': {
      if (last === undefined || last.status === 'Unknown' || !isVerdict(last))
        return { type: 'Ready', status: 'Unknown', reason: shownReason(finding), message };
      const { status, reason } = last;
      // Our own budget is no outage: what was said stands as it is.
      if (finding.reason === 'BudgetExhausted')
        return { type: 'Ready', status, reason, message: last.message };
      const standing = ` The zone was refused before that (${reason}), which stands: see spec.zoneName and the token of spec.apiTokenSecretRef.`;
      return {
        type: 'Ready',
        status,
        reason,
        message: status === 'False' ? `${message}${standing}` : message,
      };
    }
  }
}

/** Whether Cloudflare judged the token: that there was none, or another object had the zone, says nothing of it. */
function isVerdict({ reason }: Dated): boolean {
  return reason !== 'CredentialsMissing' && reason !== 'ZoneConflict';
}

/** Whoever limits the requests, nothing is to be done but to wait. */
function shownReason({ reason }: { readonly reason: string }): string {
  return reason === 'BudgetExhausted' ? 'RateLimited' : reason;
}

function inSyncOf(
  { finding, actions, isWaiting, pullProblems }: Spoken,
  last: Dated | undefined,
): Omit<Said, 'type'> {
  if (finding.outcome === 'refused' || actions === undefined) return unknown(finding);
  const unread = actions.filter(({ type }) => type === 'Unread');
  const differing = actions.filter(({ type, inSync }) => type !== 'Unread' && !inSync);
  const [first] = differing;
  if (first !== undefined) return { status: 'False', reason: first.reason, message: wordsOfAll(differing) };
  const [problem] = pullProblems;
  if (unread.length > 0) {
    const why = isWaiting
      ? 'That waits for the request budget; nothing needs to be done.'
      : 'See status.settings for why.';
    const message = `${wordsOfAll(unread)} ${why}`;
    if (last === undefined || last.status === 'Unknown')
      return { status: 'Unknown', reason: 'Unknown', message };
    return { status: last.status, reason: last.reason, message: isWaiting ? last.message : message };
  }
  if (problem !== undefined)
    return {
      status: 'False',
      reason: problem.reason,
      message: pullProblems.map(({ message }) => message).join(' '),
    };
  const special = actions.find(({ reason }) => reason === 'CertificatesUnused') ?? actions.find(isStricter);
  return { status: 'True', reason: special?.reason ?? 'InSync', message: wordsOfAll(actions) };
}

/** Where Ready says why the zone cannot be read, that the records were not read either is no news. */
function verifiedOf({ finding, verified }: Spoken): Omit<Said, 'type'> {
  const isUnread = finding.outcome === 'refused' && verified?.reason === 'RecordsUnknown';
  return verified === undefined || isUnread ? unknown(finding) : verified;
}

function isStricter({ reason }: SettingAction): boolean {
  return reason === 'StricterThanAsked';
}

function unknown(finding: Finding): Omit<Said, 'type'> {
  const reason =
    finding.outcome === 'refused' || finding.outcome === 'unavailable' ? shownReason(finding) : 'Unknown';
  return { status: 'Unknown', reason, message: 'It is not known: see Ready.' };
}

/** A missing token may come while things are being applied; all other refusals wait for a person at once. */
function stalledBy(
  { finding, actions = [], problems, pullProblems }: Spoken,
  ready: Said,
  last: Dated | undefined,
  nowMs: number,
): Pick<Said, 'reason' | 'message'> | undefined {
  if (finding.outcome === 'refused') {
    const sinceMs = last?.status === 'False' ? Date.parse(last.lastTransitionTime) : nowMs;
    const isLate = ready.reason !== 'CredentialsMissing' || nowMs - sinceMs >= STALL_AFTER_MS;
    if (isLate) return { reason: ready.reason, message: ready.message };
  }
  const held = actions.find((action) => action.type === 'Hold' && action.stalled);
  const problem = [...problems, ...pullProblems].find(({ stalled }) => stalled);
  if (problem !== undefined) return { reason: problem.reason, message: problem.message };
  return held && { reason: held.reason, message: wordsOf(held) };
}

function find(conditions: readonly Dated[], type: string): Dated | undefined {
  return conditions.find((condition) => condition.type === type);
}
