import type { LeafFacts, PullsWorld, Reading, SeenCertificate, Stored } from './world.ts';

const DAY_MS = 86_400_000;
/** Another cluster renews at a third of 90 days; below a quarter it has forgotten, and we act ourselves. */
const ENOUGH_LIFE_MS = 22 * DAY_MS;

/** Whether the certificate is on the zone to stay, deployed or not. */
function isStaying({ status }: SeenCertificate): boolean {
  return status !== 'pending_deletion' && status !== 'deletion_timed_out';
}

/** What Cloudflare holds of this leaf, other than what is being deleted; active ones first. */
export function copiesOf({ certificates }: Reading, leaf: LeafFacts | undefined): readonly SeenCertificate[] {
  if (leaf === undefined) return [];
  const copies = certificates.filter((seen) => seen.fingerprint === leaf.fingerprint && isStaying(seen));
  return copies.toSorted((a, b) => Number(b.status === 'active') - Number(a.status === 'active'));
}

/** Everything at Cloudflare that we uploaded, in whatever state. */
export function ownCertificates({ certificates }: Reading, stored: Stored): readonly SeenCertificate[] {
  const ours = new Set([stored.leaf?.fingerprint, stored.nextLeaf?.fingerprint]);
  return certificates.filter(({ fingerprint }) => fingerprint !== undefined && ours.has(fingerprint));
}

/** Whether Cloudflare is still deleting this leaf. */
export function isGoing({ certificates }: Reading, leaf: LeafFacts): boolean {
  return certificates.some((seen) => seen.fingerprint === leaf.fingerprint && !isStaying(seen));
}

/** Client certificates that no CA of ours signed. */
export function foreignCertificates({ certificates }: Reading): readonly SeenCertificate[] {
  return certificates.filter((seen) => seen.signer === undefined && seen.status !== 'pending_deletion');
}

/** Certificates of this CA that Cloudflare presents, or could. */
export function activeOf({ certificates }: Reading, signer: string | undefined): readonly SeenCertificate[] {
  return certificates.filter((seen) => seen.status === 'active' && seen.signer === signer);
}

/** An active certificate of our CA with enough life left that another cluster has uploaded. */
export function othersLeaf(
  { cloudflare, now }: PullsWorld,
  stored: Stored,
  signer: string | undefined,
): SeenCertificate | undefined {
  if (signer === undefined) return undefined;
  const ours = new Set(ownCertificates(cloudflare, stored).map(({ id }) => id));
  return activeOf(cloudflare, signer).find(
    ({ id, notAfter }) => !ours.has(id) && notAfter !== undefined && notAfter - now > ENOUGH_LIFE_MS,
  );
}

/** Whether a certificate that one of our CAs signed is presented. */
export function isPresenting({ cloudflare, store }: Pick<PullsWorld, 'cloudflare' | 'store'>): boolean {
  if (store.state !== 'ours' || !cloudflare.enabled) return false;
  return cloudflare.certificates.some(({ status, signer }) => status === 'active' && signer !== undefined);
}

/**
 * When a leaf is to be renewed: at a third of its life left, up to a sixtieth earlier, so that zones made together
 * are not renewed together. Ms since the epoch.
 */
export function renewalTime({ notBefore, notAfter, fingerprint }: LeafFacts): number {
  const lifetime = notAfter - notBefore;
  const spread = Number.parseInt(fingerprint.slice(0, 2), 16) / 256;
  return notAfter - lifetime / 3 - spread * (lifetime / 60);
}
