import type { OriginCertificate } from '../api/v1alpha1.ts';
import type { CertificateContext } from './context.ts';
import { settleKey } from './attempts.ts';
import type { IssuerRef } from './need.ts';
import { OBSERVE, type Outcome } from './outcome.ts';
import type { Pending } from './pending.ts';
import { deletePending } from './pending-io.ts';

/** A pass over an issuance that is not wanted any more. */
export interface Settlement {
  readonly pending: Pending;
  /** The queue key of the subject. */
  readonly key: string;
  /** The issuer that the object names now: its token may see the zone when the former issuer is gone. */
  readonly otherIssuers: readonly IssuerRef[];
}

/** The settlement of the pending Secret of an object, if that is still there. */
export function settlementOf(
  object: OriginCertificate | undefined,
  pending: Pending,
  key: string,
): Settlement {
  return { pending, key, otherIssuers: object ? [object.spec.issuerRef] : [] };
}

/** Deletes the pending Secret and clears what was remembered of its troubles. */
export async function discard(
  context: CertificateContext,
  { pending, key }: Pick<Settlement, 'pending' | 'key'>,
  why: string,
  signal: AbortSignal,
): Promise<Outcome> {
  await deletePending(context, pending, signal);
  context.memory.attempts.settled(key);
  context.memory.attempts.refusedSince(settleKey(key), undefined);
  context.log.debug({ secret: `${pending.namespace}/${pending.name}`, why }, 'pending Secret deleted');
  return OBSERVE;
}
