import { ANNOTATION, MANAGED, MANAGED_LABEL } from '../../src/api/names.ts';
import type { Secret } from '../../src/kube/object.ts';
import type { Places } from './places.ts';
import type { Users } from './users.ts';

/** Whether what a Secret holds may be revoked all the same: its key leaked, and the operator keeps it no more. */
export function mayHoldLeaked(
  { metadata: { labels, annotations, namespace } }: Pick<Secret, 'metadata'>,
  { places, users }: { readonly places: Places; readonly users: Pick<Users, 'rekeyed'> },
): boolean {
  const name = annotations?.[ANNOTATION.certificate];
  return (
    labels?.[MANAGED_LABEL] === MANAGED.released && users.rekeyed.has(places.slotOf({ namespace, name }))
  );
}
