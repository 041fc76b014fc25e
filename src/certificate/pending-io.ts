import { FIELD_MANAGER } from '../api/names.ts';
import { KubeError } from '../kube/errors.ts';
import type { Secret } from '../kube/object.ts';
import { secrets } from '../kube/resource.ts';
import { secretFacts } from '../secret-facts.ts';
import type { CertificateContext } from './context.ts';
import type { Seen } from './observe.ts';
import { OBSERVE, type Outcome } from './outcome.ts';
import { isPendingSecret, type Pending, pendingPatch } from './pending.ts';
import type { Living } from './world.ts';

/** A pass that has a pending Secret in hand. */
export interface Issuance {
  readonly world: Living;
  readonly seen: Seen;
  readonly pending: Pending;
  readonly pendingSecret: Secret;
}

/**
 * Creates, never applies: what is there already is not touched. `occupied`: by something that is not ours. A KubeError:
 * the API server refuses.
 */
export async function createPending(
  context: CertificateContext,
  wanted: Secret,
  signal: AbortSignal,
): Promise<Secret | 'exists' | 'occupied' | KubeError> {
  const { namespace = '', name = '' } = wanted.metadata;
  try {
    return await context.kube.create(secrets, wanted, { signal, fieldManager: FIELD_MANAGER.certificate });
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    if (error.kind !== 'AlreadyExists') return error;
    const there = await context.kube.get(secrets, { namespace, name }, { signal });
    return there && !isPendingSecret(secretFacts(there, context.roots)) ? 'occupied' : 'exists';
  }
}

/** Changes the pending Secret as it was read; undefined when it is another by now, and then nothing may be posted. */
export async function patchPending(
  context: CertificateContext,
  pending: Pending,
  change: Parameters<typeof pendingPatch>[1],
  signal: AbortSignal,
): Promise<Secret | undefined> {
  const options = { signal, fieldManager: FIELD_MANAGER.certificate };
  try {
    return await context.kube.mergePatch(secrets, pending, pendingPatch(pending, change), options);
  } catch (error) {
    if (error instanceof KubeError && (error.kind === 'Conflict' || error.kind === 'NotFound'))
      return undefined;
    throw error;
  }
}

/** Deletes exactly the pending Secret that was read: a late deletion must not take a newer key. */
export async function deletePending(
  context: CertificateContext,
  pending: Pending,
  signal: AbortSignal,
): Promise<void> {
  const { uid, resourceVersion } = pending;
  await context.kube.delete(secrets, pending, { signal, uid, resourceVersion });
  context.memory.pendings.forget(uid);
}

/** A write of the target that the API server refused; a conflict means that it is to be looked at again. */
export function refusedWrite(error: KubeError, secretName: string): Outcome {
  if (error.kind === 'Conflict' || error.kind === 'AlreadyExists') return OBSERVE;
  if (error.kind !== 'Invalid' && error.kind !== 'Forbidden') throw error;
  const message =
    `The API server refuses to store Secret ${secretName}: ${error.message}. ` +
    'Lift the quota or policy that forbids it, or correct spec.secretTemplate.';
  return { next: 'failed', attempt: { reason: 'SecretWriteRefused', message } };
}
