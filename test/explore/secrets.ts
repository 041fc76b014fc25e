import { ANNOTATION, MANAGED, MANAGED_LABEL, PENDING_SECRET_TYPE, SECRET_KEY } from '../../src/api/names.ts';
import type { OriginCertificate } from '../../src/api/v1alpha1.ts';
import type { Secret } from '../../src/kube/object.ts';
import { decode } from '../../src/secret-facts.ts';
import { certificateOf, type PaperCertificate, privateKeyDigest } from './paper.ts';
import { NAMESPACE, type Objects } from './state.ts';

/** The certificate of a Secret that holds a matching pair, whoever signed it. */
export function pairOf(secret: Secret | undefined): PaperCertificate | undefined {
  const certificate = carriedBy(secret);
  return certificate?.key === keyOf(secret) ? certificate : undefined;
}

/** The same of a pair that Cloudflare signed. */
export function issuedPairOf(secret: Secret | undefined): PaperCertificate | undefined {
  const pair = pairOf(secret);
  return pair?.isTemporary ? undefined : pair;
}

/** The same of a pair that nobody signed but itself. */
export function temporaryPairOf(secret: Secret | undefined): PaperCertificate | undefined {
  const pair = pairOf(secret);
  return pair?.isTemporary ? pair : undefined;
}

/** The certificate in a Secret, whatever its key. */
export function carriedBy(secret: Secret | undefined): PaperCertificate | undefined {
  return certificateOf(decode(secret?.data?.[SECRET_KEY.certificate]) ?? '');
}

/** The key in a Secret. */
export function keyOf(secret: Secret | undefined): string | undefined {
  return privateKeyDigest(decode(secret?.data?.[SECRET_KEY.privateKey]) ?? '');
}

/** Whether it keeps the key of an issuance that is not finished. */
export function isPending({ type }: Secret): boolean {
  return type === PENDING_SECRET_TYPE;
}

/** A former target that was let go. */
export function isReleased({ metadata }: Secret): boolean {
  return metadata.labels?.[MANAGED_LABEL] === MANAGED.released;
}

/** Somebody else's: it names no certificate of ours. */
export function isForeign(secret: Secret | undefined): boolean {
  return secret !== undefined && !isPending(secret) && noteOf(secret, 'certificate') === '';
}

/** An annotation of ours by its short name; empty where there is none. */
export function noteOf(secret: Secret | undefined, name: keyof typeof ANNOTATION): string {
  return secret?.metadata.annotations?.[ANNOTATION[name]] ?? '';
}

/** Every Secret that somebody could serve from. */
export function servingSecrets({ secrets }: Objects): Secret[] {
  return Object.values(secrets).filter((secret) => !isPending(secret));
}

/** Every queue key that there is something to look at for. */
export function keysOf({ certificates, secrets }: Objects): string[] {
  const orphans = Object.values(secrets)
    .filter(isPending)
    .map((secret) => ({ name: noteOf(secret, 'certificate'), uid: noteOf(secret, 'certificateUid') }))
    .filter(({ name, uid }) => certificates[name]?.metadata.uid !== uid);
  return [
    ...Object.keys(certificates).map((name) => `${NAMESPACE}/${name}`),
    ...orphans.map(({ name, uid }) => `${NAMESPACE}/${name}#${uid}`),
  ].toSorted();
}

/** Whether the Secret of its name holds what the object asks for. */
export function isSatisfied({ spec }: OriginCertificate, secret: Secret | undefined): boolean {
  const pair = issuedPairOf(secret);
  if (pair === undefined) return false;
  const need = JSON.parse(noteOf(secret, 'need') || '{}') as { issuer?: { name?: string } };
  return (
    pair.hostnames.toSorted().join() === spec.hostnames.toSorted().join() &&
    (need.issuer?.name ?? spec.issuerRef.name) === spec.issuerRef.name
  );
}
