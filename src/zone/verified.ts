import type { OriginZone } from '../api/v1alpha1.ts';
import type { Said } from './conditions.ts';
import { originsVerified } from './gate-condition.ts';
import { isRefusal } from './recurring.ts';
import { sslModeOf } from './settings.ts';
import type { ZoneView } from './view.ts';
import type { GateView } from './world.ts';

/** The condition OriginsVerified. A process that has just begun says nothing new before it has looked. */
export function verifiedOf({ zone, memory, trust }: ZoneView, view: GateView): Omit<Said, 'type'> {
  if (trust.state === 'unusable')
    return { status: 'Unknown', reason: 'TrustedCAUnusable', message: trust.message };
  const ssl = memory.setting('ssl').value;
  const found = originsVerified({ view, gate: zone.spec.gate.origins, ssl: ssl && sslModeOf(ssl.value) });
  const { failure, value } = memory.records;
  if (value !== undefined && view.missing.length === 0) memory.hasLooked = true;
  const isOpen = found.reason === 'Probing' || found.reason === 'RecordsUnknown';
  const isRefused = failure !== undefined && isRefusal(failure.error);
  if (memory.hasLooked || !isOpen || isRefused) return found;
  return lastOf(zone) ?? found;
}

/** What was said of this generation. */
function lastOf({ status, metadata }: Readonly<OriginZone>): Omit<Said, 'type'> | undefined {
  const last = status?.conditions?.find(({ type }) => type === 'OriginsVerified');
  return last?.observedGeneration === metadata.generation ? last : undefined;
}
