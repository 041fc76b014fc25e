import { parseDuration } from '../api/duration.ts';
import type { OriginCertificate } from '../api/v1alpha1.ts';
import { owed, type Superseded } from './superseded.ts';
import type { Living } from './world.ts';

const DEFAULT_GRACE_MS = 24 * 3_600_000;
/** After a rekey: how long it waits where nobody looks at the origins, and where these serve the old one still. */
const REKEY_MS = { unseen: 60_000, lagging: 10 * 60_000 };
/** How soon to look again at origins that lag behind; a change that a probe sees wakes us anyway. */
const LAGGING_MS = 30_000;

/** Those whose time has come, if origins let them go. */
export function due(world: Living): readonly Superseded[] {
  return owed(world).filter((entry) => dueAt(world, entry) <= world.now);
}

/** When the next of them is to be looked at, ms since the epoch. */
export function nextDueAt(world: Living): number | undefined {
  const times = owed(world).map((entry) => dueAt(world, entry));
  return times.length === 0 ? undefined : Math.max(world.now, Math.min(...times));
}

function dueAt(world: Living, entry: Superseded): number {
  const againAt = world.revocations.get(entry.id)?.againAt ?? Number.NEGATIVE_INFINITY;
  return Math.max(againAt, firstDueAt(world, entry));
}

/** Where somebody looks at the origins, the old one goes only when they serve the new one; a leaked one not much later. */
function firstDueAt({ certificate, now, served }: Living, entry: Superseded): number {
  const since = Date.parse(entry.supersededAt);
  switch (entry.revoke) {
    case 'Rekeyed':
      if (served === 'Served') return since;
      return since + (served === 'Lagging' ? REKEY_MS.lagging : REKEY_MS.unseen);
    case 'Superseded': {
      const graceMs = graceOf(certificate);
      return served === 'Lagging' ? Math.max(since + graceMs, now + LAGGING_MS) : since + graceMs;
    }
    default:
      return since;
  }
}

/** How long a certificate that is not needed any more is left valid, ms. */
export function graceOf({ spec }: OriginCertificate): number {
  return parseDuration(spec.revocation?.gracePeriod ?? '') ?? DEFAULT_GRACE_MS;
}
