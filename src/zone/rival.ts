import type { OriginZone } from '../api/v1alpha1.ts';
import { zoneNameOf } from './subject.ts';

/**
 * The OriginZone that has this one's zone, where it is another: the older one, then the one with the smaller uid. One
 * that is being deleted has it no more.
 */
export function rivalOf(
  zone: Readonly<OriginZone>,
  all: readonly Readonly<OriginZone>[],
): Readonly<OriginZone> | undefined {
  const name = zoneNameOf(zone);
  const living = all.filter(
    (other) => other.metadata.deletionTimestamp === undefined && zoneNameOf(other) === name,
  );
  const [winner] = living.toSorted(byAge);
  return winner === undefined || winner.metadata.uid === zone.metadata.uid ? undefined : winner;
}

function byAge(a: Readonly<OriginZone>, b: Readonly<OriginZone>): number {
  const created = Date.parse(a.metadata.creationTimestamp) - Date.parse(b.metadata.creationTimestamp);
  return created !== 0 ? created : a.metadata.uid < b.metadata.uid ? -1 : 1;
}
