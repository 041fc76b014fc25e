import type { Clock } from '../clock.ts';
import type { Rank } from '../kube/fair-order.ts';
import { issuerText } from '../sessions.ts';
import type { Stores } from '../stores.ts';
import { issuerKey } from './issuer-view.ts';
import { goodCertificate } from './judge.ts';
import { parseSubject } from './subject.ts';

/** What has no good pair is as urgent as what expires in so long. */
const NO_PAIR_MS = 3_600_000;

/** Where a certificate stands among those that want work: namespaces take turns, in each the soonest expiry first. */
export function rankOf(
  stores: Pick<Stores, 'certificates' | 'secrets'>,
  clock: Clock,
  isRevoked: (id: string) => boolean,
  key: string,
): Rank {
  const { namespace, name, orphanUid } = parseSubject(key);
  const nowMs = clock.now();
  const certificate = orphanUid === undefined ? stores.certificates.get({ namespace, name }) : undefined;
  // What is left of one that is gone, and what a listing waits for, is as urgent as what has no pair.
  if (certificate === undefined) return { group: namespace, lane: '', due: nowMs + NO_PAIR_MS };
  const { issuerRef, secretName } = certificate.spec;
  const lane = issuerText(issuerKey(namespace, issuerRef));
  // It does not wait for long: what is not revoked by then stays valid.
  if (certificate.metadata.deletionTimestamp !== undefined) return { group: namespace, lane, due: nowMs };
  const target = stores.secrets.get({ namespace, name: secretName });
  const good = target && goodCertificate(certificate, target, { now: nowMs, revoked: [] });
  const serves = good !== undefined && !isRevoked(good.id);
  return {
    group: namespace,
    lane,
    due: serves ? good.notAfter : nowMs + NO_PAIR_MS,
  };
}
