import { CloudflareError } from '../cloudflare/errors.ts';
import type { SlowCheckContext } from './context.ts';
import { type InUse, isYoung, type ZoneInUse } from './in-use.ts';
import type { Answer } from './judge.ts';
import type { Revocations, ZoneRecord } from './memory.ts';

/**
 * Asks Cloudflare for the suspects of a zone, one after the other, and wakes whoever uses one that turns out to be
 * revoked. Rejects with the CloudflareError that keeps it from going on: those not asked for yet stay suspects.
 *
 * @param intervalMs how long Cloudflare has to say that it does not know a certificate until that is believed.
 */
export async function askForSuspects(
  context: SlowCheckContext,
  zone: ZoneInUse,
  { record, revocations, intervalMs }: Suspicion,
): Promise<void> {
  const uses = Map.groupBy(zone.certificates, ({ id }) => id);
  for (const id of record.toAsk) {
    const users = uses.get(id) ?? [];
    const answer = users[0] && (await ask(context, users[0]));
    record.toAsk = record.toAsk.filter((other) => other !== id);
    if (answer === undefined) continue;
    const nowMs = context.clock.monotonic();
    const { fate, isNews } = revocations.answered(id, answer, { nowMs, intervalMs });
    if (fate !== 'suspected')
      record.suspected = new Set([...record.suspected].filter((other) => other !== id));
    if (isNews) tell(context, id, users, answer);
  }
}

interface Suspicion {
  readonly record: ZoneRecord;
  readonly revocations: Revocations;
  readonly intervalMs: number;
}

/** Undefined where nothing is known now, as where the issuer's token may not ask: it is suspected until the next listing. */
async function ask({ log, clock, signal }: SlowCheckContext, inUse: InUse): Promise<Answer | undefined> {
  const { id, key, session } = inUse;
  try {
    const found = await session.client?.inventory.getCertificate(id, { signal });
    return found && (found.revokedAt === undefined ? 'in-force' : 'revoked');
  } catch (error) {
    if (!(error instanceof CloudflareError)) throw error;
    if (error.kind === 'NotFound') return isYoung(inUse, clock.now()) ? undefined : 'not-found';
    if (!isRefusal(error)) throw error;
    log.warn(
      { certificate: key, certificateId: id, problem: error.message },
      'a certificate that is absent from its zone could not be asked for',
    );
    return undefined;
  }
}

function isRefusal({ kind }: CloudflareError): boolean {
  return kind === 'CredentialsInvalid' || kind === 'PermissionMissing' || kind === 'RequestRejected';
}

function tell(
  { log, wakeCertificate }: SlowCheckContext,
  id: string,
  users: readonly InUse[],
  answer: Answer,
): void {
  for (const { key } of users) {
    const how = answer === 'revoked' ? 'was revoked' : 'is not known at Cloudflare any more';
    log.warn({ certificate: key, certificateId: id }, `a certificate in use ${how}; it is replaced`);
    wakeCertificate(key);
  }
}
