import { rfc3339 } from '../../api/conditions.ts';
import { copiesOf, isGoing, othersLeaf, ownCertificates, renewalTime } from './leaves.ts';
import { PROPAGATION_MS } from './propagation.ts';
import { doing, polling, pollMs, waiting } from './steps.ts';
import type { LeafFacts, LeafSlot, PullsWorld, PullStep, Stored } from './world.ts';

type Check = (world: PullsWorld, stored: Stored) => PullStep | undefined;

/** A POST may still arrive after its time limit of 30 s; what a listing does not show by then was never stored. */
const SETTLE_MS = 90_000;

/** How a leaf comes to Cloudflare, is kept there and goes again. */
export const leafChecks: {
  readonly broken: readonly Check[];
  readonly bringUp: readonly Check[];
  readonly renew: readonly Check[];
} = {
  broken: [failedDeployment, stuckDeletion, twin],
  bringUp: [nextLeaf, noLeaf, leafAbsent, leafDeploying],
  renew: [dueLeaf],
};

function failedDeployment({ cloudflare }: PullsWorld, stored: Stored): PullStep | undefined {
  const failed = ownCertificates(cloudflare, stored).find(({ status }) => status === 'deployment_timed_out');
  if (failed === undefined) return undefined;
  const message = `Cloudflare gave up deploying client certificate ${failed.id}; it is deleted and uploaded anew.`;
  return doing('Deploying', message, { do: 'Delete', id: failed.id, failed: true });
}

function stuckDeletion({ cloudflare }: PullsWorld, stored: Stored): PullStep | undefined {
  const left = ownCertificates(cloudflare, stored).find(({ status }) => status === 'deletion_timed_out');
  if (left === undefined) return undefined;
  const message = `Cloudflare gave up deleting client certificate ${left.id}; it is deleted again.`;
  return doing('Rotating', message, { do: 'Delete', id: left.id, failed: false });
}

/** One leaf under two ids: an answer was lost and the upload came through twice all the same. */
function twin({ cloudflare }: PullsWorld, { leaf, nextLeaf: next }: Stored): PullStep | undefined {
  const [, second] =
    [copiesOf(cloudflare, leaf), copiesOf(cloudflare, next)].find(({ length }) => length > 1) ?? [];
  if (second === undefined) return undefined;
  const message = `The client certificate is at Cloudflare twice; ${second.id} is deleted.`;
  return doing('Rotating', message, { do: 'Delete', id: second.id, failed: false });
}

/** The next leaf comes up, then the old one goes, then the next one takes its place. */
function nextLeaf(world: PullsWorld, stored: Stored): PullStep | undefined {
  const { leaf, nextLeaf: next } = stored;
  if (next === undefined) return undefined;
  const [copy] = copiesOf(world.cloudflare, next);
  if (copy === undefined) return upload(world, stored, 'nextLeaf', 'Rotating');
  if (copy.status !== 'active')
    return polling(
      'Rotating',
      `Cloudflare is deploying the next client certificate ${copy.id}.`,
      pollMs(world.ages.deploying),
    );
  const [old] = copiesOf(world.cloudflare, leaf);
  if (old !== undefined && world.ages.nextActive < PROPAGATION_MS) {
    const message = `The next client certificate ${copy.id} is active; ${old.id} is deleted when it is so everywhere.`;
    return waiting('Rotating', message, PROPAGATION_MS - world.ages.nextActive);
  }
  if (old !== undefined) {
    const message = `The client certificate ${copy.id} replaces ${old.id}, which is deleted at Cloudflare.`;
    return doing('Rotating', message, { do: 'Delete', id: old.id, failed: false });
  }
  if (leaf !== undefined && isGoing(world.cloudflare, leaf))
    return polling(
      'Rotating',
      'Cloudflare is deleting the old client certificate.',
      pollMs(world.ages.deploying),
    );
  return doing('Rotating', `The client certificate is ${copy.id} now.`, { do: 'PromoteLeaf' });
}

function noLeaf(world: PullsWorld, stored: Stored): PullStep | undefined {
  if (stored.leaf !== undefined || servedByOthers(world, stored) || !stored.ca.canSign) return undefined;
  const message = 'A client certificate is made.';
  return doing('Uploading', message, { do: 'MakeLeaf', slot: 'leaf', signer: stored.ca.fingerprint });
}

function leafAbsent(world: PullsWorld, stored: Stored): PullStep | undefined {
  if (stored.leaf === undefined || copiesOf(world.cloudflare, stored.leaf).length > 0) return undefined;
  if (servedByOthers(world, stored)) return undefined;
  if (world.now < stored.leaf.notAfter - (stored.leaf.notAfter - stored.leaf.notBefore) / 4)
    return upload(world, stored, 'leaf', 'Uploading');
  if (!stored.ca.canSign) return undefined;
  const message = 'The stored client certificate is near its end and nowhere in use; another is made.';
  return doing('Uploading', message, { do: 'MakeLeaf', slot: 'leaf', signer: stored.ca.fingerprint });
}

function leafDeploying(world: PullsWorld, stored: Stored): PullStep | undefined {
  const [copy] = copiesOf(world.cloudflare, stored.leaf);
  if (copy === undefined || copy.status === 'active' || servedByOthers(world, stored)) return undefined;
  return polling(
    'Deploying',
    `Cloudflare is deploying client certificate ${copy.id}.`,
    pollMs(world.ages.deploying),
  );
}

/** Uploads, unless one may be out already: then a listing decides when it can arrive no more. */
function upload(
  world: PullsWorld,
  stored: Stored,
  slot: LeafSlot,
  state: 'Uploading' | 'Rotating',
): PullStep {
  const { ages, backoffMs } = world;
  if (stored.postedAt !== undefined && ages.posted < SETTLE_MS) {
    const message =
      'It is not known whether the upload of the client certificate arrived; it is looked for at Cloudflare before another.';
    const leftMs = SETTLE_MS - ages.posted;
    return polling(state, message, Math.min(leftMs, pollMs(ages.posted)));
  }
  if (backoffMs > 0)
    return waiting(
      state,
      'Cloudflare failed to deploy the client certificate; it is uploaded anew.',
      backoffMs,
    );
  return doing(state, 'The client certificate is uploaded.', { do: 'Upload', slot });
}

/** Another cluster of the same CA presents a certificate that lasts: one is enough. */
export function servedByOthers(world: PullsWorld, stored: Stored): boolean {
  return (
    othersLeaf(world, stored, stored.ca.fingerprint) !== undefined ||
    othersLeaf(world, stored, stored.nextCa?.fingerprint) !== undefined
  );
}

function dueLeaf(world: PullsWorld, stored: Stored): PullStep | undefined {
  const { leaf, ca } = stored;
  if (leaf === undefined || world.now < renewalTime(leaf)) return undefined;
  if (servedByOthers(world, stored)) return retire(world, leaf);
  if (!ca.canSign) return undefined;
  const message = `The client certificate ends ${rfc3339(leaf.notAfter)}; the next one is made.`;
  return doing('Rotating', message, { do: 'MakeLeaf', slot: 'nextLeaf', signer: ca.fingerprint });
}

function retire({ cloudflare }: PullsWorld, leaf: LeafFacts): PullStep | undefined {
  const [copy] = copiesOf(cloudflare, leaf);
  if (copy === undefined) return undefined;
  const message = `The client certificate ${copy.id} is near its end and another cluster's lasts: it is deleted at Cloudflare.`;
  return doing('Rotating', message, { do: 'Delete', id: copy.id, failed: false });
}
