import { decideOff } from './decide-off.ts';
import { decideShared } from './decide-shared.ts';
import { decideZone } from './decide-zone.ts';
import { isLeaving, isTlsToOrigins } from './bundle.ts';
import { isPresenting } from './leaves.ts';
import { PROPAGATION_MS, sharedAge } from './propagation.ts';
import type { PullsWorld, PullStep } from './world.ts';

/** Pure and total: the one thing that a zone's origin pulls need now. First check of the mode's list wins. */
export function decide(world: PullsWorld): PullStep {
  const step = stepOf(world);
  if (step.effect === undefined || world.hindrance === undefined) return step;
  return {
    state: 'Held',
    message: `Nothing is changed, since ${world.hindrance}. Next would be: ${step.message}`,
  };
}

function stepOf(world: PullsWorld): PullStep {
  switch (world.mode) {
    case 'Zone':
      return decideZone(world);
    case 'Shared':
      return decideShared(world);
    case 'Off':
      return decideOff(world);
    case 'Unmanaged':
      return { state: 'Off', message: 'Not managed.' };
  }
}

/**
 * Whether an origin may be told to demand a client certificate: it has been presented everywhere for a while, it is
 * the one whose CA is published, and it stays.
 */
export function safeToDemand(world: PullsWorld): boolean {
  if (!isTlsToOrigins(world.ssl) || !world.publish.every(({ trusts }) => trusts)) return false;
  const { cloudflare, store, now } = world;
  if (world.mode === 'Shared')
    return sharedAge(world) >= PROPAGATION_MS && !cloudflare.enabled && !isLeaving(world);
  if (world.mode !== 'Zone' || store.state !== 'ours' || !isPresenting(world)) return false;
  const { presentingSince } = store.stored;
  const isAlone = cloudflare.certificates.every(
    ({ signer, status }) => signer !== undefined || status !== 'active',
  );
  const isAlive = cloudflare.certificates.some(
    ({ status, signer, notAfter }) => status === 'active' && signer !== undefined && (notAfter ?? 0) > now,
  );
  return isAlone && isAlive && presentingSince !== undefined && now - presentingSince >= PROPAGATION_MS;
}
