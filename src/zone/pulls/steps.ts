import { formatDuration } from '../../api/duration.ts';
import type { OriginLine } from '../world.ts';
import { isTlsToOrigins } from './bundle.ts';
import { PROPAGATION_MS } from './propagation.ts';
import type { PullEffect, PullProblem, PullStall, PullState, PullsWorld, PullStep } from './world.ts';

/** What several of the lists of checks say alike. */

/** Something is done now. */
export function doing(state: PullState, message: string, effect: PullEffect): PullStep {
  return { state, message, effect };
}

/** Nothing is done; looked at again after so long. */
export function waiting(state: PullState, message: string, againMs: number): PullStep {
  return { state, message, againMs: Math.max(1000, Math.ceil(againMs)) };
}

/** Nothing is done but by Cloudflare, which is asked again after so long. */
export function polling(state: PullState, message: string, againMs: number): PullStep {
  return { ...waiting(state, message, againMs), polls: true };
}

/** Asynchronous work at Cloudflare is looked at often at first, then ever more rarely. */
export function pollMs(sinceMs: number): number {
  return Math.min(5 * 60_000, Math.max(2000, sinceMs / 3));
}

const REFUSED_AGAIN_MS = 5 * 60_000;

/** Only a person can go on. */
export function stuck(state: PullProblem | PullStall, message: string, againMs = REFUSED_AGAIN_MS): PullStep {
  return { state, message, stalled: true, againMs };
}

/** The mode is one in which Cloudflare speaks no TLS to origins. */
export function heldByMode({ ssl }: PullsWorld): PullStep | undefined {
  if (isTlsToOrigins(ssl)) return undefined;
  const message =
    `The SSL mode is ${ssl ?? 'not known yet'}: below full Cloudflare speaks no TLS to origins and presents no client certificate. ` +
    'It goes on when the mode is full or stricter; see spec.settings.ssl.';
  return { state: 'Held', message };
}

/** Writes what `publish` should hold and does not; what may not be written is told by the report. */
export function publishing({ bundle, publish }: PullsWorld, state: PullState): PullStep | undefined {
  const objects = publish.filter((object) => object.state === 'stale');
  if (bundle === undefined || objects.length === 0) return undefined;
  const names = objects.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`).join(', ');
  return doing(state, `Publishing the CA in ${names}.`, { do: 'Publish', objects, bundle });
}

/** Until what was changed holds everywhere. */
export function propagating(leftMs: number, what: string): PullStep {
  const message = `${what} It takes some minutes until all of Cloudflare does so: origins may demand it ${formatDuration(PROPAGATION_MS)} after the change.`;
  return waiting('Propagating', message, leftMs);
}

const MOST_NAMED = 3;

/** Up to three origins by name and address, and how many more there are. */
export function namesOf(origins: readonly Pick<OriginLine, 'hostname' | 'address'>[]): string {
  const named = origins
    .slice(0, MOST_NAMED)
    .map(({ hostname, address }) => (address === undefined ? hostname : `${hostname} at ${address}`));
  const more = origins.length - named.length;
  return more > 0 ? `${named.join(', ')} and ${more} more` : named.join(', ');
}
