import type { GateView } from '../world.ts';
import type { PullMemory } from './memory.ts';
import type { Demand, PullsWorld } from './world.ts';

const UNKNOWN: Demand = { complete: false, required: [], unknown: [], why: undefined };

/** Names that lead to no origin that could be asked, or that the spec leaves out. */
const NOT_ASKED: ReadonlySet<string> = new Set(['NoOrigin', 'NotProxied', 'Ignored']);

/** Who demands a client certificate. */
export function demandOf(view: GateView | undefined): Demand {
  if (view === undefined) return UNKNOWN;
  const asked = view.lines.filter(({ result }) => !NOT_ASKED.has(result));
  return {
    complete: view.complete && view.missing.length === 0,
    why: view.incompleteWhy,
    required: asked.filter(({ clientCertificate }) => clientCertificate === 'required'),
    unknown: asked.filter(({ clientCertificate }) => clientCertificate === 'unknown'),
  };
}

/**
 * From when on (monotonic) origins must have been looked at for their demand to count: since it was to be switched
 * off, or since the new CA was published. Undefined where nobody's demand matters now.
 */
export function demandSinceMs(
  { mode, cloudflare, store }: Pick<PullsWorld, 'mode' | 'cloudflare' | 'store'>,
  { isPublished, publishedMs }: { readonly isPublished: boolean; readonly publishedMs: number },
  memory: PullMemory,
  nowMs: number,
): number | undefined {
  const isOff = mode === 'Off' && (cloudflare.enabled || cloudflare.shared.on);
  const offMs = memory.age('off', isOff);
  if (isOff) return nowMs - offMs;
  const takesOver = mode === 'Zone' ? cloudflare.shared.on && !cloudflare.enabled : cloudflare.enabled;
  const rotates = store.state === 'ours' && store.stored.nextCa !== undefined;
  const matters = mode === 'Zone' ? takesOver || rotates : mode === 'Shared' && takesOver;
  return matters && isPublished ? nowMs - publishedMs : undefined;
}
