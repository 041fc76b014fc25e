import { type CertificateReason, stallsInMs } from '../api/conditions.ts';
import type { Rest } from './action.ts';
import { mendKey, revokeKey } from './attempts.ts';
import type { CertificateContext } from './context.ts';
import { asksOf } from './incidents.ts';
import { nameOf } from './issuer-view.ts';
import { keptServedMs } from './origins.ts';
import { report } from './report.ts';
import { parseSubject, type Subject, subjectKey } from './subject.ts';
import { isLiving, type Request, type World } from './world.ts';

export interface ReconcileResult {
  /** Absent: nothing to do until something changes. */
  readonly requeueAfterMs?: number;
}

/** How long an issuer that was never checked is waited for without a word; it wakes its certificates. */
const FIRST_CHECK_MS = 30_000;

/** Until the caches have what overtook us. */
export const OVERTAKEN_MS = 100;

/** Nothing can be done now: it is said, and looked at again when that is worth it. */
export async function rest(
  context: CertificateContext,
  subject: Subject,
  world: World,
  action: Rest,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const key = subjectKey(subject);
  const request = awaitedTurn(action);
  if (request === undefined) context.line.leave(key, action.type === 'Done');
  if (action.type === 'AwaitIssuer') return awaitIssuer(context, subject, world, signal);
  if (action.type === 'Done')
    for (const each of [key, mendKey(key), revokeKey(key)]) context.memory.succeeded(each);
  const now =
    action.type === 'Done'
      ? { ...world, failure: undefined, mendFailure: undefined, revokeFailure: undefined }
      : world;
  if (isLiving(now)) await report(context, now, action, key, signal);
  else if (action.type === 'Done') context.memory.forget(key, subject.orphanUid);
  context.memory.trustCache(key);
  if (now.leaving) noteLineWait(context, action, key);
  const isAsked = request === undefined || joinLine(context, now, request, key);
  // Its issuer went just now.
  const overtakenMs = isAsked ? undefined : OVERTAKEN_MS;
  return soonest(untilNext(context, now, action, key).requeueAfterMs, now.leaving?.leftMs, overtakenMs);
}

/** What it stands in line for; undefined for nothing. While requests fail for everybody, another kind may get through. */
function awaitedTurn(action: Rest): Request | undefined {
  if (action.type === 'Done' || action.type === 'AwaitIssuer') return undefined;
  if (action.type !== 'AwaitTurn') return action.alsoFor;
  return action.said ? (action.alsoFor ?? action.request) : action.request;
}

/** A deletion takes longer when others are before it, and no longer because requests fail. */
function noteLineWait({ memory }: CertificateContext, action: Rest, key: string): void {
  if (action.type === 'AwaitTurn' && action.said === undefined) memory.lineWaits.began(key);
  else memory.lineWaits.ended(key);
}

function joinLine(context: CertificateContext, now: World, request: Request, key: string): boolean {
  const ask = asksOf(context, parseSubject(key), now)[request];
  if (ask !== undefined) context.line.join(ask);
  return ask !== undefined;
}

/** When it is worth looking again although nothing wakes us. */
function untilNext(
  context: CertificateContext,
  now: World,
  action: Exclude<Rest, { readonly type: 'AwaitIssuer' }>,
  key: string,
): ReconcileResult {
  switch (action.type) {
    case 'Done': {
      const dueMs = action.wakeAt === undefined ? undefined : Math.max(0, action.wakeAt - now.now);
      return soonest(dueMs, isLiving(now) ? keptServedMs(context, now, key) : undefined);
    }
    case 'Wait':
      return { requeueAfterMs: action.ms };
    case 'AwaitTurn':
      return untilChange(leftMs(now), action.wakeAt && action.wakeAt - now.now);
    case 'Refuse':
      return untilChange(action.retryMs, leftMs(now), stallMs(context, key, action.reason, now.now));
  }
}

/**
 * A refusal is looked at again in its time, when the certificate expires, from when on Ready is not true, and when it
 * has stood for so long that a person is needed.
 */
function untilChange(...waits: readonly (number | undefined)[]): ReconcileResult {
  return soonest(...waits.filter((ms) => ms !== undefined && ms > 0));
}

function stallMs(
  { memory }: CertificateContext,
  key: string,
  reason: CertificateReason,
  nowMs: number,
): number | undefined {
  return stallsInMs(reason, memory.attempts.refusedSince(key, reason), nowMs);
}

function soonest(...waits: readonly (number | undefined)[]): ReconcileResult {
  const times = waits.filter((ms) => ms !== undefined);
  return times.length === 0 ? {} : { requeueAfterMs: Math.min(...times) };
}

/** After a start nothing is known of any issuer for a moment; what the status says stands until then. */
async function awaitIssuer(
  context: CertificateContext,
  subject: Subject,
  world: World,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const waitedMs =
    context.clock.now() - context.memory.attempts.refusedSince(subjectKey(subject), 'IssuerNotReady');
  if (waitedMs < FIRST_CHECK_MS) return { requeueAfterMs: FIRST_CHECK_MS - waitedMs };
  const issuer = world.certificate ? nameOf(world.certificate.spec.issuerRef) : 'The issuer';
  const message =
    `${issuer} is not ready yet: its token has not been checked. Its condition Ready says what that waits for; ` +
    "where it has none, see the operator's log.";
  return rest(
    context,
    subject,
    world,
    { type: 'Refuse', reason: 'IssuerNotReady', message, retryMs: FIRST_CHECK_MS },
    signal,
  );
}

/** Time until the certificate in use expires; undefined when there is none to lose. */
export function leftMs({ target, now }: World): number | undefined {
  return target?.pair.state === 'Matching' ? target.pair.certificate.notAfter - now : undefined;
}
