import { decideOff } from './decide-off.ts';
import { decideShared } from './decide-shared.ts';
import { decideZone } from './decide-zone.ts';
import { isLeaving, isTlsToOrigins } from './bundle.ts';
import { isPresenting } from './leaves.ts';
import { PROPAGATION_MS, sharedAge } from './propagation.ts';
import { effectText } from './repeats.ts';
import { polling } from './steps.ts';
import type { PullsWorld, PullStep } from './world.ts';

/** Pure and total: the one thing that a zone's origin pulls need now. First check of the mode's list wins. */
export function decide(world: PullsWorld): PullStep {
  const step = stepOf(world);
  if (world.hindrance === undefined) return inTime(world, step);
  if (step.effect === undefined) return step;
  return {
    state: 'Held',
    message: `Nothing is changed, since ${world.hindrance}. Next would be: ${step.message}`,
  };
}

/** What was done already and is to be done again waits, and is said; else what could not be published is tried again. */
function inTime(world: PullsWorld, step: PullStep): PullStep {
  if (step.effect === undefined) return republishing(world, step);
  const attempt = world.attempts.get(effectText(step.effect) ?? '');
  if (attempt === undefined) return step;
  const message = `${step.message} That was done already, and nothing has come of it yet: it is done again in a while, at least every 5m.`;
  return attempt.leftMs === 0 ? { ...step, message } : polling(step.state, message, attempt.lookMs);
}

/** On the side: what is said of the zone stands meanwhile. */
function republishing({ bundle, publish }: PullsWorld, step: PullStep): PullStep {
  const objects = publish.filter(({ isDue }) => isDue);
  if (bundle === undefined || objects.length === 0 || step.stalled === true || step.state === 'Held')
    return step;
  return { ...step, effect: { do: 'Publish', objects, bundle } };
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
