import { rfc3339 } from '../../api/conditions.ts';
import { rotateCa } from './decide-ca.ts';
import { leafChecks, servedByOthers } from './decide-leaf.ts';
import { activeOf, foreignCertificates, isPresenting } from './leaves.ts';
import { PROPAGATION_MS } from './propagation.ts';
import { readiness } from './readiness.ts';
import { doing, heldByMode, propagating, publishing, stuck } from './steps.ts';
import type { PullsWorld, PullStep, Stored } from './world.ts';

type Check = (world: PullsWorld, stored: Stored) => PullStep | undefined;

/**
 * A certificate of the zone's own. Nothing begins under a mode in which it would not be presented; what has begun is
 * kept in order under any.
 */
const CHECKS: readonly Check[] = [
  ...leafChecks.broken,
  ...rotateCa.early,
  (world) => publishing(world, isPresenting(world) ? 'Propagating' : 'Enabling'),
  ...leafChecks.bringUp,
  notEnabled,
  notNoted,
  ...rotateCa.begin,
  ...leafChecks.renew,
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

/** A time to come was noted by a clock that was wrong, or by hand: nobody would wait for it to pass. */
function notNoted(
  { cloudflare, now }: PullsWorld,
  { presentingSince = Infinity, ca, nextCa }: Stored,
): PullStep | undefined {
  if (presentingSince <= now) return undefined;
  const active = [...activeOf(cloudflare, ca.fingerprint), ...activeOf(cloudflare, nextCa?.fingerprint)];
  if (active.length === 0) return undefined;
  return doing('Propagating', 'Cloudflare presents the client certificate from now on.', {
    do: 'NotePresenting',
  });
}

function isYoung({ now }: PullsWorld, { presentingSince }: Stored): PullStep | undefined {
  const leftMs = PROPAGATION_MS - (now - (presentingSince ?? now));
  return leftMs > 0
    ? propagating(leftMs, "Cloudflare presents the zone's own client certificate.")
    : undefined;
}
