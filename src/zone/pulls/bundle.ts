import { activeOf, isPresenting } from './leaves.ts';
import { PROPAGATION_MS } from './propagation.ts';
import type { Ages, PullMode, PullsWorld, Stored } from './world.ts';

type Known = Pick<PullsWorld, 'mode' | 'ssl' | 'cloudflare' | 'store' | 'now' | 'sharedCaPem'> & {
  readonly ages: Pick<Ages, 'disabled'>;
};

/**
 * The CAs that origins are to accept: of what is presented now and of what will be. Undefined while nothing is
 * presented that an origin could demand, or the mode is to be off: then nothing is written, and what was stays.
 */
export function bundleOf(world: Known): string | undefined {
  if (!isTlsToOrigins(world.ssl)) return undefined;
  const zoneIsLive = isPresenting(world);
  if (!zoneIsLive && !world.cloudflare.shared.on) return undefined;
  const parts = partsOf(world, zoneIsLive);
  return parts.length === 0 ? undefined : parts.join('');
}

/** The CAs without which an origin that demands would turn Cloudflare away at this moment. */
export function presentedCas({ cloudflare, store, sharedCaPem }: Known): readonly string[] {
  if (!isPresenting({ cloudflare, store })) return cloudflare.shared.on ? [sharedCaPem] : [];
  if (store.state !== 'ours') return [];
  const cas = [store.stored.ca, ...(store.stored.nextCa ? [store.stored.nextCa] : [])];
  return cas.filter(({ fingerprint }) => activeOf(cloudflare, fingerprint).length > 0).map(({ pem }) => pem);
}

/** Whether Cloudflare speaks TLS to origins, without which it presents nothing. */
export function isTlsToOrigins(ssl: PullsWorld['ssl']): boolean {
  return ssl === 'full' || ssl === 'strict' || ssl === 'origin_pull';
}

function partsOf(world: Known, zoneIsLive: boolean): readonly string[] {
  const own = world.store.state === 'ours' ? ownCas(world.store.stored) : [];
  const byMode: Readonly<Record<PullMode, () => readonly string[]>> = {
    Unmanaged: () => [],
    Off: () => [],
    // While the zone's own certificate takes over from the shared one, edges may present either.
    Zone: () => [
      ...own,
      ...(world.cloudflare.shared.on && !isSettled(world, zoneIsLive) ? [world.sharedCaPem] : []),
    ],
    Shared: () => [world.sharedCaPem, ...(zoneIsLive || isLeaving(world) ? own : [])],
  };
  return own.length === 0 && world.mode === 'Zone' ? [] : byMode[world.mode]();
}

function ownCas({ ca, nextCa }: Stored): readonly string[] {
  return nextCa === undefined ? [ca.pem] : [ca.pem, nextCa.pem];
}

function isSettled({ store, now }: Known, zoneIsLive: boolean): boolean {
  const since = store.state === 'ours' ? store.stored.presentingSince : undefined;
  return zoneIsLive && since !== undefined && now - since >= PROPAGATION_MS;
}

/** The zone's own certificate was switched off a moment ago: it is deleted only after edges have heard of it. */
export function isLeaving({ cloudflare, ages }: Pick<Known, 'cloudflare' | 'ages'>): boolean {
  return cloudflare.certificates.some(({ signer }) => signer !== undefined) && ages.disabled < PROPAGATION_MS;
}
