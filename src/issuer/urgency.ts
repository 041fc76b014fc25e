import type { Clock } from '../clock.ts';
import type { Rank } from '../kube/fair-order.ts';
import { parseIssuer } from '../sessions.ts';

/**
 * Where an issuer stands among all that want work: its namespace takes turns with the others. There it is before the
 * certificates, which wait for it.
 */
export function issuerRank(text: string, clock: Pick<Clock, 'now'>): Rank {
  return { group: parseIssuer(text).namespace, lane: '', due: clock.now() };
}
