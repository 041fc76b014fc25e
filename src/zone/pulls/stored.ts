import type { X509Certificate } from 'node:crypto';
import { ANNOTATION, ORIGIN_PULL_SECRET_SUFFIX, ORIGIN_PULL_SECRET_TYPE } from '../../api/names.ts';
import type { Secret } from '../../kube/object.ts';
import { issuingRoot } from '../../pki/chain.ts';
import { pemText, type PemPair, readAuthority, readCertificate } from '../../pki/authority.ts';
import { certificateKeyDigest, privateKeyDigest } from '../../pki/keys.ts';
import { decode, encode } from '../../secret-facts.ts';
import type { CaFacts, LeafFacts, LeafSlot, Store } from './world.ts';

/** Data keys of our Secret. `next-` is there while something is being replaced; a given CA has no key here. */
export const PULL_KEY = {
  ca: { certificate: 'ca.crt', privateKey: 'ca.key' },
  nextCa: { certificate: 'next-ca.crt', privateKey: 'next-ca.key' },
  leaf: { certificate: 'tls.crt', privateKey: 'tls.key' },
  nextLeaf: { certificate: 'next-tls.crt', privateKey: 'next-tls.key' },
} as const;

type Slot = keyof typeof PULL_KEY;

/** The name of the Secret that keeps an OriginZone's CA and client certificate. */
export function pullSecretName(objectName: string): string {
  return `${objectName}${ORIGIN_PULL_SECRET_SUFFIX}`;
}

/**
 * What the Secret holds, as far as decisions need it.
 *
 * @param given the CA of caSecretRef, whose key is never copied here.
 */
export function storeOf(
  secret: Secret | undefined,
  objectName: string,
  given: X509Certificate | undefined,
): Store {
  if (secret === undefined) return { state: 'absent' };
  const { annotations = {}, uid = '', resourceVersion = '' } = secret.metadata;
  const keeper = annotations[ANNOTATION.originZone];
  if (secret.type !== ORIGIN_PULL_SECRET_TYPE || keeper !== objectName) return unusable(secret, objectName);
  const ca = caOf(secret, 'ca', given);
  if (ca === undefined) return unusable(secret, objectName);
  const nextCa = caOf(secret, 'nextCa', given);
  const cas = [ca, ...(nextCa ? [nextCa] : [])];
  const since = Date.parse(annotations[ANNOTATION.presentingSince] ?? '');
  return {
    state: 'ours',
    stored: {
      uid,
      resourceVersion,
      ca: ca.facts,
      nextCa: nextCa?.facts,
      leaf: leafOf(secret, 'leaf', cas),
      nextLeaf: leafOf(secret, 'nextLeaf', cas),
      postedAt: annotations[ANNOTATION.postedAt] || undefined,
      presentingSince: Number.isNaN(since) ? undefined : since,
    },
  };
}

/** The pair of a slot, for the effect that needs its key; undefined where it is not whole. */
export function pairIn(secret: Secret, slot: Slot): PemPair | undefined {
  const certificate = decode(secret.data?.[PULL_KEY[slot].certificate]);
  const privateKey = decode(secret.data?.[PULL_KEY[slot].privateKey]);
  return certificate && privateKey ? { certificate, privateKey } : undefined;
}

/** The slot, filled with this or emptied, as `data` of a merge patch. */
export function slotData(slot: Slot, pair: Partial<PemPair> | undefined): Record<string, string | null> {
  const { certificate, privateKey } = PULL_KEY[slot];
  return {
    [certificate]: pair?.certificate === undefined ? null : encode(pair.certificate),
    [privateKey]: pair?.privateKey === undefined ? null : encode(pair.privateKey),
  };
}

/** The other slot's content moved here, as `data` of a merge patch. */
export function movedData(secret: Secret, from: Slot, to: Slot): Record<string, string | null> {
  const data = secret.data ?? {};
  return {
    [PULL_KEY[to].certificate]: data[PULL_KEY[from].certificate] ?? null,
    [PULL_KEY[to].privateKey]: data[PULL_KEY[from].privateKey] ?? null,
    ...slotData(from, undefined),
  };
}

export function caFacts(certificate: X509Certificate, canSign: boolean): CaFacts {
  return {
    fingerprint: certificate.fingerprint256,
    pem: pemText(certificate),
    notBefore: certificate.validFromDate.getTime(),
    notAfter: certificate.validToDate.getTime(),
    canSign,
  };
}

interface KnownCa {
  readonly facts: CaFacts;
  readonly certificate: X509Certificate;
}

function caOf(
  secret: Secret,
  slot: 'ca' | 'nextCa',
  given: X509Certificate | undefined,
): KnownCa | undefined {
  const text = decode(secret.data?.[PULL_KEY[slot].certificate]);
  const certificate = text === undefined ? undefined : readCertificate(text);
  if (certificate === undefined) return undefined;
  const pair = pairIn(secret, slot);
  const isOwn = pair !== undefined && !('problem' in readAuthority(pair.certificate, pair.privateKey));
  const isGiven = given?.fingerprint256 === certificate.fingerprint256;
  return { certificate, facts: caFacts(certificate, isOwn || isGiven) };
}

/** A leaf without its key cannot be uploaded: it counts as none. */
function leafOf(secret: Secret, slot: LeafSlot, cas: readonly KnownCa[]): LeafFacts | undefined {
  const pair = pairIn(secret, slot);
  const certificate = pair && readCertificate(pair.certificate);
  if (
    certificate === undefined ||
    privateKeyDigest(pair?.privateKey ?? '') !== certificateKeyDigest(certificate)
  )
    return undefined;
  return {
    fingerprint: certificate.fingerprint256,
    notBefore: certificate.validFromDate.getTime(),
    notAfter: certificate.validToDate.getTime(),
    signer: signerOf(certificate, cas),
  };
}

function signerOf(leaf: X509Certificate, cas: readonly KnownCa[]): string | undefined {
  return issuingRoot(
    leaf,
    cas.map(({ certificate }) => certificate),
  )?.fingerprint256;
}

function unusable({ metadata, type }: Secret, objectName: string): Store {
  const keeper = metadata.annotations?.[ANNOTATION.originZone];
  const why =
    type !== ORIGIN_PULL_SECRET_TYPE
      ? `is of type ${type ?? 'Opaque'}`
      : keeper !== objectName
        ? `has not the annotation ${ANNOTATION.originZone}: ${objectName}`
        : 'has no CA under ca.crt';
  const message =
    `Secret ${metadata.name ?? ''} in namespace ${metadata.namespace ?? ''} ${why}. ` +
    'It is to hold the CA and the client certificate of this OriginZone: restore it from a backup, or delete it if nobody needs it.';
  return { state: 'unusable', message };
}
