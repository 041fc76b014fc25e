import { rfc3339 } from '../../api/conditions.ts';
import { rotateCa } from './decide-ca.ts';
import {
  activeOf,
  copiesOf,
  foreignCertificates,
  isGoing,
  isPresenting,
  othersLeaf,
  ownCertificates,
  renewalTime,
} from './leaves.ts';
import { PROPAGATION_MS } from './propagation.ts';
import { readiness } from './readiness.ts';
import { doing, heldByMode, pollMs, propagating, publishing, stuck, waiting } from './steps.ts';
import type { LeafFacts, LeafSlot, PullsWorld, PullStep, Stored } from './world.ts';

type Check = (world: PullsWorld, stored: Stored) => PullStep | undefined;

/** A POST may still arrive after its time limit of 30 s; what a listing does not show by then was never stored. */
const SETTLE_MS = 90_000;

/**
 * A certificate of the zone's own. Nothing begins under a mode in which it would not be presented; what has begun is
 * kept in order under any.
 */
const CHECKS: readonly Check[] = [
  failedDeployment,
  stuckDeletion,
  twin,
  ...rotateCa.early,
  (world) => publishing(world, isPresenting(world) ? 'Propagating' : 'Enabling'),
  nextLeaf,
  noLeaf,
  leafAbsent,
  leafDeploying,
  notEnabled,
  notNoted,
  ...rotateCa.begin,
  dueLeaf,
  ...rotateCa.finish,
  heldByMode,
  isYoung,
];

export function decideZone(world: PullsWorld): PullStep {
  const { store, cloudflare, wantedCa } = world;
  if (store.state === 'unusable') return stuck('SecretNotManaged', store.message);
  if (wantedCa.state === 'unusable') return stuck(wantedCa.reason, wantedCa.message);
  const held = heldByMode(world);
  if (held !== undefined && !cloudflare.enabled) return held;
  const foreign = foreignCertificate(world);
  if (foreign !== undefined) return foreign;
  if (store.state === 'absent')
    return doing('Uploading', 'A CA for the client certificate is put in place.', { do: 'CreateStore' });
  for (const check of CHECKS) {
    const step = check(world, store.stored);
    if (step !== undefined) return step;
  }
  return { state: 'Presenting', message: presentingMessage(world, store.stored) };
}

function presentingMessage(world: PullsWorld, stored: Stored): string {
  const whose = servedByOthers(world, stored) ? ", one of another cluster's among them" : '';
  return `Cloudflare presents the zone's own client certificate${whose}.`;
}

function foreignCertificate({ cloudflare, objectName }: PullsWorld): PullStep | undefined {
  const [foreign, ...others] = foreignCertificates(cloudflare);
  if (foreign === undefined) return undefined;
  const ends = foreign.notAfter === undefined ? '' : `, ends ${rfc3339(foreign.notAfter)}`;
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  const message =
    `The zone has client certificate ${foreign.id}${more}, issued by ${foreign.issuer}${ends}, that no CA of this OriginZone signed. Nothing is uploaded. ` +
    `If nobody needs it, delete it at Cloudflare (DELETE /zones/…/origin_tls_client_auth/${foreign.id}). If it is another cluster's, give both the same authenticatedOriginPulls.caSecretRef. ` +
    `If it was this cluster's, restore Secret ${objectName}-origin-pull from a backup.`;
  return stuck('ForeignClientCertificate', message);
}

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
    return waiting(
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
    return waiting(
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
  return waiting(
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
    return waiting(state, message, Math.min(leftMs, pollMs(ages.posted)));
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
function servedByOthers(world: PullsWorld, stored: Stored): boolean {
  return (
    othersLeaf(world, stored, stored.ca.fingerprint) !== undefined ||
    othersLeaf(world, stored, stored.nextCa?.fingerprint) !== undefined
  );
}

/** Where the shared certificate is demanded now, origins must know our CA before they meet our certificate. */
function notEnabled(world: PullsWorld, stored: Stored): PullStep | undefined {
  if (world.cloudflare.enabled) return undefined;
  if (world.cloudflare.shared.on) {
    const wait = readiness(world, stored.ca.fingerprint, 'Enabling');
    if (wait !== undefined) return wait;
  }
  return doing('Enabling', 'The client certificate is active: Cloudflare is told to present it.', {
    do: 'Enable',
    enabled: true,
  });
}

function notNoted({ cloudflare }: PullsWorld, { presentingSince, ca, nextCa }: Stored): PullStep | undefined {
  if (presentingSince !== undefined) return undefined;
  const active = [...activeOf(cloudflare, ca.fingerprint), ...activeOf(cloudflare, nextCa?.fingerprint)];
  if (active.length === 0) return undefined;
  return doing('Propagating', 'Cloudflare presents the client certificate from now on.', {
    do: 'NotePresenting',
  });
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

function isYoung({ now }: PullsWorld, { presentingSince }: Stored): PullStep | undefined {
  const leftMs = PROPAGATION_MS - (now - (presentingSince ?? now));
  return leftMs > 0
    ? propagating(leftMs, "Cloudflare presents the zone's own client certificate.")
    : undefined;
}
