import { type CertificateReason, stallsInMs } from '../api/conditions.ts';
import { FIELD_MANAGER } from '../api/names.ts';
import { KubeError } from '../kube/errors.ts';
import { act } from './act.ts';
import { type Action, type Effect, isRest, type Rest } from './action.ts';
import type { CertificateContext } from './context.ts';
import { decide } from './decide.ts';
import type { FailedAttempt } from './failure.ts';
import { asksOf } from './incidents.ts';
import { observeCached, observeLive, type Seen } from './observe.ts';
import { replacedCertificate } from './judge.ts';
import { mendKey, revokeKey } from './memory.ts';
import { keptServedMs } from './origins.ts';
import { failureScope } from './recall.ts';
import { report } from './report.ts';
import { parseSubject, type Subject, subjectKey } from './subject.ts';
import { isLiving, type World } from './world.ts';

/** More effects than any issuance takes: beyond it something undoes what is done. */
const MAX_EFFECTS = 12;

/** How long an issuer that was never checked is waited for without a word; it wakes its certificates. */
const FIRST_CHECK_MS = 30_000;

/** Until the next pass, which says what it found. */
const UNDONE_MS = 1000;

/** Until the caches have what overtook us. */
const OVERTAKEN_MS = 100;

export interface ReconcileResult {
  /** Absent: nothing to do until something changes. */
  readonly requeueAfterMs?: number;
}

/**
 * observe → decide → act → report, until nothing is left to do now. The caches are asked first: when they show that
 * all is in order, nothing else is. Everything else is decided on what is read live.
 */
export async function reconcileCertificate(
  context: CertificateContext,
  key: string,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  try {
    return await pass(context, key, signal);
  } catch (error) {
    if (isOvertaken(error)) return { requeueAfterMs: OVERTAKEN_MS };
    throw error;
  } finally {
    context.line.ended(key);
  }
}

async function pass(context: CertificateContext, key: string, signal: AbortSignal): Promise<ReconcileResult> {
  const subject = parseSubject(key);
  const owner = context.stores.certificates.get(subject);
  if (subject.orphanUid !== undefined && owner?.metadata.uid === subject.orphanUid) {
    // Its object is there after all: one key per object, or two workers would act on it at once.
    context.wake(subjectKey({ namespace: subject.namespace, name: subject.name }));
    return {};
  }
  const cached = await observeCached(context, subject, signal);
  const known = decide(cached.world);
  if (context.memory.trustsCache(key) && known.type === 'Done' && isLiving(cached.world))
    return rest(context, subject, cached.world, known, signal);
  let seen = await observeLive(context, subject, signal);
  let action = decide(seen.world);
  for (let effects = 0; effects < MAX_EFFECTS; effects++, action = decide(seen.world)) {
    if (isRest(action)) return rest(context, subject, seen.world, action, signal);
    if (mustReportFirst(seen.world, action)) seen = await reported(context, subject, seen, action, signal);
    const next = await carryOut(context, subject, seen, action, signal);
    if ('requeueAfterMs' in next) return next;
    seen = next;
  }
  const attempt = { reason: 'SecretWriteRefused', message: undoneMessage(seen.world, action) } as const;
  noteFailure(context, subject, seen.world, action, attempt);
  return { requeueAfterMs: UNDONE_MS };
}

/** What goes wrong around a good pair, or with one that was replaced, is remembered apart: it must not hold back an issuance. */
function noteFailure(
  context: CertificateContext,
  subject: Subject,
  world: World,
  action: Action,
  attempt: FailedAttempt,
): void {
  const key = subjectKey(subject);
  const scope = failureScope(context, world.certificate);
  context.memory.failed(failureKey(key, action), scope, attempt, leftMs(world));
  context.log.warn({ certificate: key, ...attempt }, 'attempt failed');
}

function failureKey(key: string, { type }: Action): string {
  if (type === 'Rewrite' || type === 'Release') return mendKey(key);
  return type === 'RevokeSuperseded' || type === 'RevokeTwins' ? revokeKey(key) : key;
}

function undoneMessage({ secretName, target }: World, action: Action): string {
  const what = action.type === 'Rewrite' ? ` (${action.why})` : '';
  const writer = target?.lastWriter ?? 'unknown';
  // What changes a write on its way leaves no name: the writer is then ourselves.
  const who =
    writer === FIELD_MANAGER.certificate
      ? 'An admission webhook or policy seems to change what is written'
      : `It was last written by field manager "${writer}"`;
  return (
    `What is written to Secret ${secretName} does not stay: after ${MAX_EFFECTS} writes it is still not as it ` +
    `should be${what}. ${who}. Exempt it from the webhook, policy or tool that changes it.`
  );
}

async function carryOut(
  context: CertificateContext,
  subject: Subject,
  seen: Seen,
  action: Effect,
  signal: AbortSignal,
): Promise<Seen | { requeueAfterMs: number }> {
  try {
    const outcome = await act(context, subject, seen, action, signal);
    switch (outcome.next) {
      case 'decide':
        return outcome.seen;
      case 'wait': {
        const { ms, said } = outcome;
        const wait: Rest = said ? { type: 'Wait', ms, said } : { type: 'Wait', ms };
        return {
          requeueAfterMs: (await rest(context, subject, seen.world, wait, signal)).requeueAfterMs ?? ms,
        };
      }
      case 'failed':
        noteFailure(context, subject, seen.world, action, outcome.attempt);
        break;
      case 'observe':
        break;
    }
  } catch (error) {
    if (!isOvertaken(error)) throw error;
  }
  return observeLive(context, subject, signal);
}

/**
 * The status names the new certificate and the one it replaced before the pending Secret, which knows them too, is
 * deleted, and before a new issuance overwrites what the target's annotations say.
 */
function mustReportFirst({ certificate, target }: World, action: Action): boolean {
  if (certificate === undefined) return false;
  if (action.type === 'Discard') return true;
  if (action.type !== 'Issue' || target?.pair.state !== 'Matching') return false;
  const replaced = replacedCertificate(target);
  return replaced !== undefined && certificate.status?.certificate?.id !== replaced.id;
}

async function reported(
  context: CertificateContext,
  subject: Subject,
  seen: Seen,
  action: Action,
  signal: AbortSignal,
): Promise<Seen> {
  if (!isLiving(seen.world)) return seen;
  const certificate = await report(context, seen.world, action, subjectKey(subject), signal);
  return { ...seen, world: { ...seen.world, certificate } };
}

async function rest(
  context: CertificateContext,
  subject: Subject,
  world: World,
  action: Rest,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const key = subjectKey(subject);
  if (action.type !== 'AwaitTurn') context.line.leave(key, action.type === 'Done');
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
  return soonest(untilNext(context, now, action, key).requeueAfterMs, now.leaving?.leftMs);
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
    case 'AwaitTurn': {
      const ask = asksOf(context, parseSubject(key), now)[action.request];
      if (ask === undefined) return { requeueAfterMs: OVERTAKEN_MS }; // Its issuer went just now.
      context.line.join(ask);
      return untilChange(leftMs(now));
    }
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
  return stallsInMs(reason, memory.refusedSince(key, reason), nowMs);
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
  const waitedMs = context.clock.now() - context.memory.refusedSince(subjectKey(subject), 'IssuerNotReady');
  if (waitedMs < FIRST_CHECK_MS) return { requeueAfterMs: FIRST_CHECK_MS - waitedMs };
  const message =
    "the issuer's token could not be checked yet; look at the issuer and at the operator's log.";
  return rest(
    context,
    subject,
    world,
    { type: 'Refuse', reason: 'IssuerNotReady', message, retryMs: FIRST_CHECK_MS },
    signal,
  );
}

/** Somebody else changed or deleted the object first: what is true now decides. */
function isOvertaken(error: unknown): boolean {
  if (!(error instanceof KubeError)) return false;
  return error.kind === 'Conflict' || error.kind === 'AlreadyExists' || error.kind === 'NotFound';
}

/** Time until the certificate in use expires; undefined when there is none to lose. */
function leftMs({ target, now }: World): number | undefined {
  return target?.pair.state === 'Matching' ? target.pair.certificate.notAfter - now : undefined;
}
