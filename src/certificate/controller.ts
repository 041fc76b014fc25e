import { ANNOTATION, FIELD_MANAGER } from '../api/names.ts';
import type { OriginCertificate } from '../api/v1alpha1.ts';
import { KubeError } from '../kube/errors.ts';
import type { SecretFacts } from '../secret-facts.ts';
import { act } from './act.ts';
import { type Action, type Effect, isRest, type Rest } from './action.ts';
import type { CertificateContext } from './context.ts';
import { decide } from './decide.ts';
import type { FailedAttempt } from './failure.ts';
import { observeCached, observeLive, type Seen } from './observe.ts';
import { replacedCertificate } from './judge.ts';
import { mendKey, revokeKey } from './attempts.ts';
import { failureScope } from './recall.ts';
import { report } from './report.ts';
import { leftMs, OVERTAKEN_MS, type ReconcileResult, rest } from './rest.ts';
import { parseSubject, type Subject, subjectKey } from './subject.ts';
import { isLiving, type World } from './world.ts';

/** More effects than any issuance takes: beyond it something undoes what is done. */
const MAX_EFFECTS = 12;

/** Until the next pass, which says what it found. */
const UNDONE_MS = 1000;
/** What is said, and remembered as the failure, when a pass has carried out so much and is not at its end. */
export const UNDONE_WORDS = 'does not stay';

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
  const scope = failureScope(context, { ...world, leaving: world.leaving?.certificate });
  context.memory.attempts.failed(failureKey(key, action), scope, attempt, leftMs(world));
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
    `What is written to Secret ${secretName} ${UNDONE_WORDS}: after ${MAX_EFFECTS} writes it is still not as it ` +
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
 * deleted, before a new issuance overwrites what the target's annotations say, and before a former Secret is let go that
 * alone knows it.
 */
function mustReportFirst({ certificate, target }: World, action: Action): boolean {
  if (certificate === undefined) return false;
  if (action.type === 'Discard') return true;
  if (action.type === 'Release') return tellsMore(certificate, action.former);
  if (action.type !== 'Issue' || target?.pair.state !== 'Matching') return false;
  const replaced = replacedCertificate(target);
  return replaced !== undefined && certificate.status?.certificate?.id !== replaced.id;
}

/** What a former Secret says that it replaced, and the status does not: nobody looks there once it is let go. */
function tellsMore({ status }: OriginCertificate, { annotations }: SecretFacts): boolean {
  const id = annotations[ANNOTATION.previousCertificateId] ?? '';
  return id !== '' && !status?.superseded?.some((each) => each.id === id);
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

/** Somebody else changed or deleted the object first: what is true now decides. */
function isOvertaken(error: unknown): boolean {
  if (!(error instanceof KubeError)) return false;
  return error.kind === 'Conflict' || error.kind === 'AlreadyExists' || error.kind === 'NotFound';
}
