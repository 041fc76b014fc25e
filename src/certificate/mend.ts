import { ANNOTATION, FIELD_MANAGER, MANAGED, MANAGED_LABEL, SECRET_KEY } from '../api/names.ts';
import { KubeError } from '../kube/errors.ts';
import type { Secret } from '../kube/object.ts';
import { secrets } from '../kube/resource.ts';
import { decode, type SecretFacts } from '../secret-facts.ts';
import { announce } from './announce.ts';
import type { CertificateContext } from './context.ts';
import { recordOf } from './judge.ts';
import type { Seen } from './observe.ts';
import { sayWhatReleaseLeaves } from './note-replaced.ts';
import { OBSERVE, type Outcome } from './outcome.ts';
import { ownersBeside } from './owner.ts';
import { refusedWrite } from './pending-io.ts';
import { targetSecret } from './target.ts';
import type { Living } from './world.ts';
import { apply } from './write.ts';

/** Writes labels, annotations and outputs as they should be around the pair that is there. */
export async function rewrite(
  context: CertificateContext,
  seen: Seen,
  world: Living,
  target: SecretFacts,
  signal: AbortSignal,
): Promise<Outcome> {
  return copyPair(context, world, target, seen.target, target, signal);
}

/**
 * Copies the pair of a former target, with all that is recorded about it, to the name that the spec now has: where there
 * is nothing, or over a temporary pair.
 */
export async function copy(
  context: CertificateContext,
  seen: Seen,
  world: Living,
  from: SecretFacts,
  signal: AbortSignal,
): Promise<Outcome> {
  const source = seen.formers.find(({ metadata }) => metadata.name === from.name);
  return copyPair(context, world, from, source, world.target, signal);
}

async function copyPair(
  context: CertificateContext,
  { certificate }: Living,
  facts: SecretFacts,
  secret: Secret | undefined,
  existing: SecretFacts | undefined,
  signal: AbortSignal,
): Promise<Outcome> {
  if (facts.pair.state !== 'Matching') return OBSERVE;
  const content = {
    certificate,
    record: {
      ...recordOf(certificate, facts, facts.pair.certificate),
      // What is made here was not there before us, also where its pair comes out of a Secret that was.
      adopted: existing?.annotations[ANNOTATION.adopted] !== undefined,
    },
    certificatePem: decode(secret?.data?.[SECRET_KEY.certificate]) ?? '',
    privateKeyPem: decode(secret?.data?.[SECRET_KEY.privateKey]) ?? '',
    roots: context.roots,
  };
  try {
    await apply(context, targetSecret(content, existing), existing, signal);
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    return refusedWrite(error, certificate.spec.secretName);
  }
  return OBSERVE;
}

/**
 * Leaves a former target to whoever may still read it: its pair stays, our label says that it is not kept, and it does
 * not go with its object any more.
 */
export async function release(
  context: CertificateContext,
  world: Living,
  former: SecretFacts,
  signal: AbortSignal,
): Promise<Outcome> {
  const { uid, resourceVersion } = former;
  const ownerReferences = ownersBeside(world.certificate, former);
  const patch = {
    metadata: {
      uid,
      resourceVersion,
      labels: { [MANAGED_LABEL]: MANAGED.released },
      ...(ownerReferences.length < former.owners.length && { ownerReferences }),
    },
  };
  try {
    await context.kube.mergePatch(secrets, former, patch, {
      signal,
      fieldManager: FIELD_MANAGER.certificate,
    });
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    return error.kind === 'NotFound' ? OBSERVE : refusedWrite(error, former.name);
  }
  announce.released(context, world, former.name);
  sayWhatReleaseLeaves(context, world, former);
  return OBSERVE;
}
