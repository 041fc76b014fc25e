import type { PullsWorld } from './world.ts';

/** How long a change at Cloudflare, or of what an origin trusts, may take until it holds everywhere. */
export const PROPAGATION_MS = 5 * 60_000;

/** Ms that the shared certificate has been presented: as Cloudflare dates it, or as this process has seen it. */
export function sharedAge({ cloudflare: { shared }, ages, now }: PullsWorld): number {
  if (!shared.on) return 0;
  return Math.max(ages.sharedOn, shared.modifiedOn === undefined ? 0 : now - shared.modifiedOn);
}
