import type { Twin } from '../known-certificates.ts';
import { announce } from './announce.ts';
import type { CertificateContext } from './context.ts';
import { revokeKey } from './attempts.ts';
import { eachOf, hasTurn, presentedAt, revocationFailed } from './revoke-superseded.ts';
import { OBSERVE, type Outcome } from './outcome.ts';
import { revokeOne, servingSecrets } from './revocation.ts';
import { revokersOf } from './token-sessions.ts';
import type { SecretFacts } from '../secret-facts.ts';
import { isOurKey } from './twins.ts';
import type { Living } from './world.ts';

/**
 * A twin comes of requests that were sent while the key waited for its certificate. One that was issued so much later
 * than ours was asked for by somebody else, who got the key with a copy of the Secret.
 */
const SAME_ISSUANCE_MS = 3_600_000;

/** Revokes certificates that were issued twice, each behind the guard. What is still there will be found again. */
export async function revokeTwins(
  context: CertificateContext,
  world: Living,
  twins: readonly Twin[],
  key: string,
  signal: AbortSignal,
): Promise<Outcome> {
  const { certificate } = world;
  const { namespace } = certificate.metadata;
  let serving: SecretFacts[];
  try {
    serving = await servingSecrets(context, namespace, signal);
  } catch (error) {
    return revocationFailed(error, `Certificates that were issued twice (${idsOf(twins)})`, signal);
  }
  const tried = context.memory.triedTwins.get(key) ?? [];
  const inOrder = twins.toSorted((a, b) => tried.indexOf(a.id) - tried.indexOf(b.id));
  const isTurn = (): boolean => hasTurn(context, certificate, undefined, key);
  const failed = await eachOf(inOrder, isTurn, signal, async (twin) => {
    noteTried(context, twins, key, twin.id);
    if (isOurKey(certificate, twin, serving)) {
      const wish = {
        id: twin.id,
        namespace,
        asker: key,
        claim: { by: 'twin', digest: twin.keyDigest, latest: twin.ofNotBefore + SAME_ISSUANCE_MS },
        sessions: revokersOf(context, certificate, undefined),
        serving,
        // Every write that carries a certificate of this key is over, or meets the other one and is refused.
        writeMs: 0,
        presentedAt: (facts) => presentedAt(context, facts),
      } as const satisfies Parameters<typeof revokeOne>[1];
      const revoked = await revokeOne(context, wish, signal);
      if (revoked.result === 'revoked') announce.revokedTwin(context, world, twin.id, twin.of);
    }
    context.slowCheck.forgetTwin(twin.id);
  });
  if (failed)
    return revocationFailed(failed.error, `Certificate ${failed.id}, which was issued twice,`, signal);
  context.memory.succeeded(revokeKey(key));
  return OBSERVE;
}

/** The next time another one goes first. */
function noteTried({ memory }: CertificateContext, twins: readonly Twin[], key: string, id: string): void {
  const others = (memory.triedTwins.get(key) ?? []).filter(
    (each) => each !== id && twins.some((twin) => twin.id === each),
  );
  memory.triedTwins.set(key, [...others, id]);
}

function idsOf(twins: readonly Twin[]): string {
  return twins.map(({ id }) => id).join(', ');
}
