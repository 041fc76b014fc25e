import { FIELD_MANAGER, MANAGED, MANAGED_LABEL } from '../api/names.ts';
import { KubeError } from '../kube/errors.ts';
import { secrets } from '../kube/resource.ts';
import type { SecretFacts } from '../secret-facts.ts';
import { announce } from './announce.ts';
import type { CertificateContext } from './context.ts';
import { OBSERVE, type Outcome } from './outcome.ts';
import { refusedWrite } from './pending-io.ts';
import { unissuedRecord, recordAnnotations, requestsOf } from './record.ts';
import type { Living } from './world.ts';

/**
 * Puts our name on a Secret that was there before us, exactly as it was read, and touches nothing else of it: whatever
 * goes wrong from here on, its readers have the pair that they had.
 */
export async function adopt(
  context: CertificateContext,
  world: Living,
  target: SecretFacts,
  signal: AbortSignal,
): Promise<Outcome> {
  const { name, annotations } = world.certificate.metadata;
  const { uid, resourceVersion, pair } = target;
  const facts = pair.state === 'Matching' ? pair.certificate : undefined;
  const record = unissuedRecord(name, facts, requestsOf(annotations), { adopted: true });
  const patch = {
    metadata: {
      uid,
      resourceVersion,
      labels: { [MANAGED_LABEL]: MANAGED.target },
      annotations: recordAnnotations(record),
    },
  };
  try {
    const options = { signal, fieldManager: FIELD_MANAGER.certificate };
    await context.kube.mergePatch(secrets, target, patch, options);
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    return error.kind === 'NotFound' ? OBSERVE : refusedWrite(error, target.name);
  }
  announce.adopted(context, world, facts?.id);
  return OBSERVE;
}
