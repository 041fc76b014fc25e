import { keeperOf, type SecretFacts } from '../secret-facts.ts';
import type { Action } from './action.ts';
import { gate } from './gates.ts';
import { goodCertificate, issueReason } from './judge.ts';
import { badness, difference } from './need.ts';
import type { Pending } from './pending.ts';
import { isLiving, type Living, type World } from './world.ts';

/**
 * What to do about an unfinished issuance; first rule wins. Each rule answers a way to lose a certificate, to
 * issue it twice, or to revoke one that serves.
 */
export function decidePending(world: World): Action | undefined {
  const { pending } = world;
  if (pending === undefined) return undefined;
  if (isFinished(world, pending)) return { type: 'Discard', pending, why: 'its certificate is in place' };
  if (pending.keyDigest === undefined || !pending.hasCsr || pending.need?.issuer === undefined) {
    return { type: 'Discard', pending, why: 'somebody damaged it and its key is lost' };
  }
  if (!isLiving(world) || isUnwanted(world, pending)) return settle(world, pending);
  if (isParked(world, pending)) return gate(world, 'write') ?? { type: 'Write', pending };
  if (pending.postedAt === '') {
    return gate(world, 'issuance', issueReason(world) ?? 'Renewing') ?? { type: 'Post', pending };
  }
  if (world.waits.postMs > 0) return { type: 'Wait', ms: world.waits.postMs };
  return gate(world, 'search') ?? { type: 'Search', pending };
}

/** A Secret of this object, target or former one, bears the pending key. */
export function isFinished({ target, formers }: World, pending: Pending): boolean {
  const holds = (secret: SecretFacts): boolean =>
    keeperOf(secret) === pending.certificateName &&
    pending.keyDigest !== undefined &&
    bears(secret, pending.keyDigest);
  return [...(target ? [target] : []), ...formers].some(holds);
}

function bears(secret: SecretFacts, keyDigest: string): boolean {
  return secret.pair.state === 'Matching' && secret.pair.certificate.publicKeyDigest === keyDigest;
}

/** It is to be settled, not finished; judged when it is decided on and again just before its certificate is written. */
export function isUnwanted(world: Living, pending: Pending): boolean {
  if (pending.revoke.length > 0) return true;
  if (pending.need === undefined || difference(world.certificate.spec, pending.need) !== undefined)
    return true;
  return holdsAnotherGoodOne(world, pending);
}

/** The target got a good certificate by another way (restored, adopted) since this issuance began. */
function holdsAnotherGoodOne(world: Living, pending: Pending): boolean {
  const { certificate, target, holder } = world;
  if (target === undefined || holder.kind !== 'this') return false;
  const good = goodCertificate(certificate, target, world);
  return good !== undefined && good.id !== pending.replaces;
}

/** What is parked is judged anew: whoever may write Secrets in this namespace could have put it there. */
function isParked(world: Living, { parked }: Pending): boolean {
  return parked !== undefined && badness(world.certificate.spec, parked, world) === undefined;
}

/**
 * The issuance is to leave nothing behind. What a POST may still store is awaited, searched, noted on the pending
 * Secret, revoked, and only then is the key given up.
 */
function settle(world: World, pending: Pending): Action {
  const { waits } = world;
  if (pending.isCopy) {
    const why = 'it came out of a backup or another cluster, where what was issued for its key may serve';
    return { type: 'Discard', pending, why };
  }
  if (pending.postedAt !== '') {
    if (waits.postMs > 0) return { type: 'Wait', ms: waits.postMs };
    return gate(world, 'settle') ?? { type: 'Settle', pending };
  }
  if (pending.revoke.length === 0) return { type: 'Discard', pending, why: 'nothing was issued for its key' };
  if (waits.writeMs > 0) return { type: 'Wait', ms: waits.writeMs };
  return gate(world, 'clear') ?? { type: 'Revoke', pending };
}
