import { ANNOTATION, PENDING_SECRET_TYPE } from '../api/names.ts';
import type { OriginCertificate } from '../api/v1alpha1.ts';
import type { ListedCertificate } from '../cloudflare/results.ts';
import { knownOf, type Twin } from '../known-certificates.ts';
import { keeperOf, type SecretFacts } from '../secret-facts.ts';

/** A twin, and the queue key of the OriginCertificate whose key it bears. */
export interface FoundTwin extends Twin {
  readonly key: string;
}

/** What a key is known by: the certificate of ours that bears it. */
type Owner = Pick<FoundTwin, 'key' | 'of' | 'ofNotBefore'>;

/**
 * The certificates of a complete listing that bear the key of one of ours under an id that no Secret and no status
 * names. A key is ours where the pair was issued for a living object: the copy of a Secret in another cluster, or in a
 * namespace that was made anew, says that it was issued for somebody else.
 */
export function findTwins(
  listed: readonly ListedCertificate[],
  certificates: readonly OriginCertificate[],
  secrets: readonly SecretFacts[],
  now: number,
): FoundTwin[] {
  const known = knownOf(certificates, secrets);
  const owners = new Map([...replacedKeys(listed, certificates), ...heldKeys(certificates, secrets)]);
  return listed.flatMap(({ id, publicKeyDigest: keyDigest, notBefore, notAfter, revokedAt }) => {
    if (keyDigest === undefined || notBefore === undefined || revokedAt !== undefined) return [];
    const owner = owners.get(keyDigest);
    if (owner === undefined || known.named.has(id) || known.pendingKeys.has(keyDigest)) return [];
    return (notAfter ?? Infinity) <= now ? [] : [{ id, keyDigest, notBefore, ...owner }];
  });
}

/** Keys of the Secrets that hold what was issued for a living object. */
function heldKeys(
  certificates: readonly OriginCertificate[],
  secrets: readonly SecretFacts[],
): [string, Owner][] {
  const living = new Map(
    certificates
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .map(({ metadata: { uid, namespace, name } }) => [
        uid,
        { namespace, name, key: `${namespace}/${name}` },
      ]),
  );
  return secrets.flatMap((secret): [string, Owner][] => {
    const { pair, namespace, annotations } = secret;
    const object = living.get(annotations[ANNOTATION.issuedFor] ?? '');
    if (object?.namespace !== namespace || object.name !== keeperOf(secret)) return [];
    if (secret.type === PENDING_SECRET_TYPE || pair.state !== 'Matching' || !pair.certificate.trusted)
      return [];
    const { publicKeyDigest, id, notBefore } = pair.certificate;
    return [[publicKeyDigest, { key: object.key, of: id, ofNotBefore: notBefore }]];
  });
}

/** Keys of the certificates in the listing that were issued for a living object and replaced since. */
function replacedKeys(
  listed: readonly ListedCertificate[],
  certificates: readonly OriginCertificate[],
): [string, Owner][] {
  const byId = new Map(listed.map((each) => [each.id, each]));
  return certificates.flatMap(({ metadata, status }) => {
    const { uid, namespace, name, deletionTimestamp } = metadata;
    if (deletionTimestamp !== undefined) return [];
    const issued = new Set(status?.issued?.map(({ id }) => id));
    return (status?.superseded ?? []).flatMap(({ id, issuedFor }): [string, Owner][] => {
      const { publicKeyDigest, notBefore } = byId.get(id) ?? {};
      const isOurs = issuedFor === uid || issued.has(id);
      if (!isOurs || publicKeyDigest === undefined || notBefore === undefined) return [];
      return [[publicKeyDigest, { key: `${namespace}/${name}`, of: id, ofNotBefore: notBefore }]];
    });
  });
}
