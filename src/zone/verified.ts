import type { OriginZone } from '../api/v1alpha1.ts';
import type { Said } from './conditions.ts';
import { type OriginsReason, originsVerified } from './gate-condition.ts';
import { isRefusal } from './recurring.ts';
import { sslModeOf } from './settings.ts';
import type { ZoneView } from './view.ts';
import type { GateView } from './world.ts';

/** What is to be said of the origins. */
export interface Verified {
  readonly said: Omit<Said, 'type'>;
  /** Whether that is what was said before: a process that has just begun says nothing new before it has looked. */
  readonly stands: boolean;
}

/** The condition OriginsVerified, by what the probe and the records say now. */
export function verifiedOf({ zone, memory, trust }: ZoneView, view: GateView): Verified {
  if (trust.state === 'unusable') return fresh('Unknown', 'TrustedCAUnusable', trust.message);
  const ssl = memory.setting('ssl').value;
  const found = originsVerified({ view, gate: zone.spec.gate.origins, ssl: ssl && sslModeOf(ssl.value) });
  const { failure, value } = memory.records;
  if (value !== undefined && view.missing.length === 0) memory.hasLooked = true;
  const isOpen = found.reason === 'Probing' || found.reason === 'RecordsUnknown';
  const isRefused = failure !== undefined && isRefusal(failure.error);
  const last = memory.hasLooked || !isOpen || isRefused ? undefined : lastOf(zone);
  return last ? { said: last, stands: true } : fresh(found.status, found.reason, found.message);
}

function fresh(status: Said['status'], reason: OriginsReason, message: string): Verified {
  return { said: { status, reason, message }, stands: false };
}

/** What was said of this generation by who had looked. */
function lastOf({ status, metadata }: Readonly<OriginZone>): Omit<Said, 'type'> | undefined {
  const last = status?.conditions?.find(({ type }) => type === 'OriginsVerified');
  const isVerdict = last?.observedGeneration === metadata.generation && last.status !== 'Unknown';
  return isVerdict ? { status: last.status, reason: last.reason, message: last.message } : undefined;
}
