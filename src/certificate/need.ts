import type { BadPairReason, ReissueReason } from '../api/conditions.ts';
import { fieldOf, parseJson } from '../api/json.ts';
import type { OriginCertificate } from '../api/v1alpha1.ts';
import { isObjectName } from '../kube/object.ts';
import type { CertificateFacts } from '../pki/inspect.ts';
import { DEFAULT_KEY, type KeySpec } from '../pki/keys.ts';
import { isTemporary } from '../pki/temporary.ts';

/**
 * What a certificate was issued for. Stored as JSON with the pair; every field but `hostnames` may be absent,
 * and an absent field is not compared, so that an older or damaged record never causes an issuance.
 */
export interface Need {
  /** Sorted, as in `CertificateFacts`. */
  readonly hostnames: readonly string[];
  readonly algorithm?: string;
  readonly size?: number;
  readonly validityDays?: number;
  readonly issuer?: IssuerRef;
}

export interface IssuerRef {
  readonly kind: 'OriginIssuer' | 'ClusterOriginIssuer';
  readonly name: string;
}

/** The complete need of a new issuance: nothing is left for later defaults to change. */
export type IssuanceNeed = Required<Need>;

export const DEFAULT_VALIDITY_DAYS = 90;

type Spec = OriginCertificate['spec'];
export interface IssuerDefaults {
  readonly validityDays?: number | undefined;
  readonly privateKey?:
    { readonly algorithm?: string | undefined; readonly size?: number | undefined } | undefined;
}

/** What to ask for now: the spec, then the issuer's defaults, then the operator's. */
export function issuanceNeed(spec: Spec, defaults: IssuerDefaults = {}): IssuanceNeed {
  const key = keySpec(spec.privateKey ?? defaults.privateKey);
  return {
    hostnames: spec.hostnames.toSorted(),
    algorithm: key.algorithm,
    size: key.size,
    validityDays: spec.validityDays ?? defaults.validityDays ?? DEFAULT_VALIDITY_DAYS,
    issuer: { kind: spec.issuerRef.kind, name: spec.issuerRef.name },
  };
}

/** A key specification with the gaps filled; the schema has already refused sizes that do not exist. */
export function keySpec(wanted: IssuerDefaults['privateKey']): KeySpec {
  if (wanted?.algorithm === 'RSA') {
    const { size } = wanted;
    return { algorithm: 'RSA', size: size === 3072 || size === 4096 ? size : 2048 };
  }
  return wanted?.size === 384 ? { algorithm: 'ECDSA', size: 384 } : DEFAULT_KEY;
}

/** The first difference between what the spec asks for and what an issuance was, or is being, made for. */
export function difference(spec: Spec, need: Need): ReissueReason | 'HostnamesChanged' | undefined {
  const { privateKey: key, issuerRef } = spec;
  if (!sameNames(spec.hostnames, need.hostnames)) return 'HostnamesChanged';
  if (differ(key?.algorithm, need.algorithm) || differ(key?.size, need.size)) return 'KeyChanged';
  if (differ(spec.validityDays, need.validityDays)) return 'ValidityChanged';
  if (differ(issuerRef.kind, need.issuer?.kind) || differ(issuerRef.name, need.issuer?.name))
    return 'IssuerChanged';
  return undefined;
}

/** What a pair is judged by beside the spec. */
export interface Circumstances {
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  /** Ids of certificates that somebody else revoked. */
  readonly revoked: readonly string[];
}

/** Why a matching pair is bad for this spec at this time: reasons to be not Ready. */
export function badness(
  spec: Spec,
  certificate: CertificateFacts,
  { now, revoked }: Circumstances,
): BadPairReason | undefined {
  if (!certificate.trusted) return isTemporary(certificate) ? 'TemporaryCertificate' : 'UntrustedIssuer';
  if (certificate.notAfter <= now) return 'Expired';
  if (revoked.includes(certificate.id)) return 'Revoked';
  if (certificate.hasOtherNames || !sameNames(spec.hostnames, certificate.hostnames))
    return 'HostnamesChanged';
  return undefined;
}

/** The need as far as a certificate shows it: what a lost or damaged record is rebuilt from. */
export function needShownBy(certificate: CertificateFacts): Need {
  const { hostnames, algorithm, size } = certificate;
  return { hostnames, algorithm, size, validityDays: lifetimeDays(certificate) };
}

/** The record of a need, or undefined when it is absent, garbled, or contradicts the certificate it stands by. */
export function parseNeed(text: string | undefined, certificate?: CertificateFacts): Need | undefined {
  const need = text === undefined ? undefined : readNeed(text);
  if (need === undefined || certificate === undefined) return need;
  const contradicts =
    !sameNames(need.hostnames, certificate.hostnames) ||
    differ(need.algorithm, certificate.algorithm) ||
    differ(need.size, certificate.size) ||
    differ(need.validityDays, lifetimeDays(certificate));
  return contradicts ? undefined : need;
}

/** Canonical JSON: the same need always yields the same text. */
export function formatNeed(need: Need): string {
  const { hostnames, algorithm, size, validityDays, issuer } = need;
  return JSON.stringify({ hostnames, algorithm, size, validityDays, issuer });
}

export function sameNames(a: readonly string[], b: readonly string[]): boolean {
  const names = new Set(a);
  return names.size === new Set(b).size && b.every((name) => names.has(name));
}

const DAY_MS = 86_400_000;

export function lifetimeDays(certificate: Pick<CertificateFacts, 'notBefore' | 'notAfter'>): number {
  return Math.round((certificate.notAfter - certificate.notBefore) / DAY_MS);
}

/** Two values differ only when both are given. */
function differ<T>(a: T | undefined, b: T | undefined): boolean {
  return a !== undefined && b !== undefined && a !== b;
}

/** As many as the schema and Cloudflare take; a longer record was planted, and every name of it costs work. */
const MAX_HOSTNAMES = 100;

/** Fit to stand in a message: a planted record may hold anything. */
function isName(value: unknown): value is string {
  return typeof value === 'string' && /^[!-~]{1,253}$/.test(value);
}

function readNeed(text: string): Need | undefined {
  const value = parseJson(text);
  const hostnames = fieldOf(value, 'hostnames');
  if (!Array.isArray(hostnames) || hostnames.length > MAX_HOSTNAMES || !hostnames.every(isName))
    return undefined;
  const algorithm = fieldOf(value, 'algorithm');
  const size = fieldOf(value, 'size');
  const validityDays = fieldOf(value, 'validityDays');
  const issuer = readIssuerRef(fieldOf(value, 'issuer'));
  return {
    hostnames: hostnames.toSorted(),
    ...(typeof algorithm === 'string' && { algorithm }),
    ...(typeof size === 'number' && { size }),
    ...(typeof validityDays === 'number' && { validityDays }),
    ...(issuer && { issuer }),
  };
}

/** An issuer reference out of a parsed record, or undefined where it is none. */
export function readIssuerRef(value: unknown): IssuerRef | undefined {
  const kind = fieldOf(value, 'kind');
  const name = fieldOf(value, 'name');
  if (
    (kind !== 'OriginIssuer' && kind !== 'ClusterOriginIssuer') ||
    typeof name !== 'string' ||
    !isObjectName(name)
  )
    return undefined;
  return { kind, name };
}
