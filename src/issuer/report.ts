import { isDeepStrictEqual } from 'node:util';
import { type Condition, isStalled, rfc3339, withTransitionTimes } from '../api/conditions.ts';
import { API_VERSION, FIELD_MANAGER } from '../api/names.ts';
import { clusterOriginIssuers, originIssuers } from '../resources.ts';
import { type IssuerKey, issuerText } from '../sessions.ts';
import type { IssuerContext } from './context.ts';
import { placeOf } from './place.ts';
import type { Issuer } from './subject.ts';
import { placeText, type TokenPlace } from '../token-secret.ts';
import type { CheckResult } from './world.ts';

type Status = NonNullable<Issuer['status']>;
type ReadyCondition = Pick<Condition, 'status' | 'reason' | 'message'>;

/** What is to be said of an issuer: the result of its check, or why there is none. */
export type Finding =
  | CheckResult
  | { readonly outcome: 'no-token'; readonly reason: string; readonly message: string }
  /** The check waits for the request budget. `isNewToken`: what was said was said of another token, or of none. */
  | { readonly outcome: 'waiting'; readonly isNewToken: boolean };

const ZONES_SHOWN = 100;

const WAITING =
  'The token has not been checked yet: the check waits for its turn in the budget of requests to Cloudflare that all ' +
  'issuers, certificates and zones of this operator share (--cloudflare-rate). Nothing needs to be done; ' +
  'certificates of this issuer wait for it.';

/** Writes the status, if it differs, as it follows from the finding; an event tells of every change of Ready but that it waits. */
export async function report(
  context: IssuerContext,
  key: IssuerKey,
  issuer: Issuer,
  finding: Finding,
  signal: AbortSignal,
): Promise<void> {
  const status = statusOf(issuer, placed(finding, placeOf(context, key, issuer)), context.clock.now());
  if (isDeepStrictEqual(issuer.status ?? {}, status)) return;
  const { name, uid, resourceVersion } = issuer.metadata;
  const metadata = { name, ...scopeOf(key), uid, resourceVersion };
  const body = { apiVersion: API_VERSION, kind: key.kind, metadata, status } as Issuer;
  const options = { signal, fieldManager: FIELD_MANAGER.issuer, force: true, subresource: 'status' } as const;
  if (body.kind === 'OriginIssuer') await context.kube.apply(originIssuers, body, options);
  else await context.kube.apply(clusterOriginIssuers, body, options);
  if (finding.outcome !== 'waiting') tell(context, key, issuer, status);
}

/** A token that Cloudflare refuses is named by where it lies, as one is that is missing or unusable. */
function placed(finding: Finding, place: TokenPlace): Finding {
  if (finding.outcome !== 'refused') return finding;
  return { ...finding, message: `${placeText(place)}: ${finding.message}` };
}

export function statusOf(issuer: Issuer, finding: Finding, nowMs: number): Status {
  const { status: before, metadata } = issuer;
  const last = readyIn(before?.conditions);
  // Its turn comes by itself, and what was found before is worth more than that another look is due.
  if (finding.outcome === 'waiting' && last !== undefined && !isOutdated(last, finding)) return before ?? {};
  const observedGeneration = metadata.generation ?? 0;
  const wanted = conditionsOf(finding, before?.conditions ?? [], nowMs).map((condition) => ({
    ...condition,
    observedGeneration,
  }));
  const kept = { token: before?.token, zones: before?.zones, zoneCount: before?.zoneCount };
  const found =
    finding.outcome === 'passed'
      ? describe(finding)
      : finding.outcome === 'unavailable' && !finding.isNewToken
        ? kept
        : {};
  const status = {
    observedGeneration,
    conditions: withTransitionTimes(wanted, before?.conditions ?? [], nowMs),
    ...found,
  };
  return JSON.parse(JSON.stringify(status)) as Status;
}

function describe({ token, zones }: Extract<CheckResult, { outcome: 'passed' }>): Partial<Status> {
  const shown = zones.toSorted((a, b) => a.name.localeCompare(b.name)).slice(0, ZONES_SHOWN);
  return {
    ...(token?.id !== undefined && {
      token: { id: token.id, ...(token.expiresOn !== undefined && { expiresOn: rfc3339(token.expiresOn) }) },
    }),
    zones: shown.map(({ name, id, status, paused }) => ({ name, id, status, paused })),
    zoneCount: zones.length,
  };
}

function conditionsOf(
  finding: Finding,
  before: NonNullable<Status['conditions']>,
  nowMs: number,
): ({ type: string } & ReadyCondition)[] {
  const last = readyIn(before);
  const ready = readyOf(finding, last);
  const sinceMs = last?.status === 'False' ? Date.parse(last.lastTransitionTime) : nowMs;
  const stalled = ready.status === 'False' && isStalled(ready.reason, sinceMs, nowMs);
  return [
    { type: 'Ready', ...ready },
    ...(stalled
      ? [{ type: 'Stalled', status: 'True' as const, reason: ready.reason, message: ready.message }]
      : []),
  ];
}

function readyOf(finding: Finding, last: ReadyCondition | undefined): ReadyCondition {
  switch (finding.outcome) {
    case 'passed':
      return { status: 'True', reason: 'Checked', message: passedMessage(finding) };
    case 'refused':
    case 'no-token':
      return { status: 'False', reason: finding.reason, message: finding.message };
    case 'unavailable': {
      const since = `Cloudflare could not be asked since ${rfc3339(finding.since)}: ${finding.message}`;
      if (last === undefined || finding.isNewToken || !isVerdict(last))
        return { status: 'Unknown', reason: finding.reason, message: since };
      return { status: last.status, reason: last.reason, message: `${since}${standingText(last)}` };
    }
    case 'waiting':
      return { status: 'Unknown', reason: 'RateLimited', message: WAITING };
  }
}

/** A refusal stands through an outage, and what to do about it is not to be lost. */
function standingText({ status, reason }: ReadyCondition): string {
  if (status !== 'False') return '';
  return ` The token was refused before that (${reason}), which stands: correct the token of spec.apiTokenSecretRef, or put another in its place.`;
}

/** Whether it was said of a token that is not there any more, or that there is none. */
function isOutdated({ reason }: ReadyCondition, { isNewToken }: { readonly isNewToken: boolean }): boolean {
  return isNewToken || reason === 'CredentialsMissing';
}

/** Whether a token was judged: that there was none says nothing of the one that there is now. */
function isVerdict({ status, reason }: ReadyCondition): boolean {
  return status !== 'Unknown' && reason !== 'CredentialsMissing';
}

function passedMessage({ zones, token }: Extract<CheckResult, { outcome: 'passed' }>): string {
  const idle = zones.filter(({ status, paused }) => status !== 'active' || paused).length;
  const notes = [
    `The token sees ${zones.length} zone${zones.length === 1 ? '' : 's'}${idle > 0 ? `, ${idle} of them not active or paused` : ''}.`,
    'That it may issue certificates is proven by the first issuance only.',
    ...(token === undefined ? ['Its own state cannot be asked (an account-owned token).'] : []),
  ];
  return notes.join(' ');
}

function readyIn(conditions: Status['conditions']) {
  return conditions?.find(({ type }) => type === 'Ready');
}

function tell(context: IssuerContext, key: IssuerKey, issuer: Issuer, status: Status): void {
  const now = readyIn(status.conditions);
  const before = readyIn(issuer.status?.conditions);
  if (now === undefined || (now.status === before?.status && now.reason === before.reason)) return;
  const { name, uid } = issuer.metadata;
  const type = now.status === 'True' ? 'Normal' : 'Warning';
  const object = { apiVersion: API_VERSION, kind: key.kind, name, uid, ...scopeOf(key) };
  context.events.record(object, { type, reason: now.reason, action: 'Check', note: now.message });
  const line = { issuer: issuerText(key), reason: now.reason };
  if (type === 'Normal') context.log.info(line, now.message);
  else context.log.warn(line, now.message);
}

function scopeOf({ namespace }: IssuerKey): { namespace?: string } {
  return namespace === '' ? {} : { namespace };
}
