import { X509Certificate } from 'node:crypto';
import { publicKeyDigest } from '../pki/keys.ts';
import { asRecord, asText } from './envelope.ts';

/** A certificate as Cloudflare keeps it. What Cloudflare does not give back reliably (csr, validity) is left out. */
export interface ListedCertificate {
  /** The serial number in decimal, up to 49 digits: never a number. */
  readonly id: string;
  /** The leaf in PEM, or '' where the answer had none. */
  readonly certificate: string;
  /** In Cloudflare's order, which is not the order of the request. */
  readonly hostnames: readonly string[];
  /** SHA-256 (hex) of the certificate's SubjectPublicKeyInfo; absent where the certificate cannot be read. */
  readonly publicKeyDigest: string | undefined;
  /** Milliseconds since the Unix epoch; `notAfter` is the better source. */
  readonly expiresOn: number | undefined;
  /** When the certificate itself begins, in milliseconds since the Unix epoch; absent where it cannot be read. */
  readonly notBefore: number | undefined;
  /** When the certificate itself ends, in milliseconds since the Unix epoch; absent where it cannot be read. */
  readonly notAfter: number | undefined;
  /** Cloudflare's text; present only on a revoked certificate. */
  readonly revokedAt: string | undefined;
}

export interface Zone {
  readonly id: string;
  /** The apex, lower case. */
  readonly name: string;
  /** `active` in good order; also initializing, pending, moved. */
  readonly status: string;
  /** Whether Cloudflare only serves DNS for it: nothing is proxied. */
  readonly paused: boolean;
  readonly account: { readonly id: string | undefined; readonly name: string | undefined };
}

export interface TokenState {
  readonly id: string | undefined;
  /** `active` in good order; also disabled, expired. */
  readonly status: string;
  /** Milliseconds since the Unix epoch; absent for a token without an end. */
  readonly expiresOn: number | undefined;
}

/** A certificate of an answer; undefined where it can be named by nothing: neither an id nor a readable leaf. */
export function certificateOf(value: unknown): ListedCertificate | undefined {
  const record = asRecord(value);
  if (record === undefined) return undefined;
  const certificate = asText(record['certificate']) ?? '';
  const parsed = parseCertificate(certificate);
  const id = asText(record['id']) ?? parsed?.id;
  if (id === undefined) return undefined;
  return {
    id,
    certificate,
    hostnames: textsOf(record['hostnames']),
    publicKeyDigest: parsed?.publicKeyDigest,
    expiresOn: parseTime(record['expires_on']),
    notBefore: parsed?.notBefore,
    notAfter: parsed?.notAfter,
    revokedAt: revokedAt(record['revoked_at']),
  };
}

export function zoneOfResult(value: unknown): Zone | undefined {
  const record = asRecord(value);
  const id = asText(record?.['id']);
  const name = asText(record?.['name']);
  if (record === undefined || id === undefined || name === undefined) return undefined;
  const account = asRecord(record['account']);
  return {
    id,
    name: name.toLowerCase(),
    status: asText(record['status']) ?? 'unknown',
    paused: record['paused'] === true,
    account: { id: asText(account?.['id']), name: asText(account?.['name']) },
  };
}

export function tokenStateOf(value: unknown): TokenState {
  const record = asRecord(value);
  return {
    id: asText(record?.['id']),
    status: asText(record?.['status']) ?? 'unknown',
    expiresOn: parseTime(record?.['expires_on']),
  };
}

const GO_TIME = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d{1,9})? ([+-]\d\d)(\d\d)(?: [A-Za-z+\-0-9]+)?$/;
const RFC_3339 = /^(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(\.\d{1,9})?(?:([Zz])|([+-]\d\d):(\d\d))$/;

/**
 * A time in milliseconds, from either form that Cloudflare writes: Go's `2040-04-05 13:40:00 +0000 UTC` or
 * RFC 3339. Undefined for anything else, Go's zero time included.
 */
export function parseTime(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined;
  const go = GO_TIME.exec(value);
  const rfc = go === null ? RFC_3339.exec(value) : null;
  const [, date, time, fraction = ''] = go ?? rfc ?? [];
  if (date === undefined || time === undefined) return undefined;
  const zone = go !== null ? `${go[4]}:${go[5]}` : rfc?.[4] !== undefined ? 'Z' : `${rfc?.[5]}:${rfc?.[6]}`;
  const ms = Date.parse(`${date}T${time}${fraction.slice(0, 4)}${zone}`);
  return Number.isNaN(ms) || date.startsWith('0001-') ? undefined : ms;
}

/** When a certificate ends, milliseconds since the Unix epoch; undefined where its date cannot be read. */
export function endOf(certificate: X509Certificate | undefined): number | undefined {
  return certificate && msOf(certificate.validToDate);
}

function msOf(date: Date): number | undefined {
  const ms = date.getTime();
  return Number.isNaN(ms) ? undefined : ms;
}

/** Go clients and servers write an absent time as the zero time. A text that is no time still means "revoked". */
function revokedAt(value: unknown): string | undefined {
  const text = asText(value);
  return text === undefined || text.startsWith('0001-01-01') ? undefined : text;
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((entry: unknown) => typeof entry === 'string') : [];
}

interface ParsedCertificate {
  readonly id: string;
  readonly publicKeyDigest: string;
  readonly notBefore: number | undefined;
  readonly notAfter: number | undefined;
}

function parseCertificate(pem: string): ParsedCertificate | undefined {
  if (pem === '') return undefined;
  try {
    const parsed = new X509Certificate(pem);
    return {
      id: BigInt(`0x${parsed.serialNumber}`).toString(10),
      publicKeyDigest: publicKeyDigest(parsed.publicKey),
      notBefore: msOf(parsed.validFromDate),
      notAfter: endOf(parsed),
    };
  } catch {
    return undefined; // Somebody's odd certificate in a listing is no reason to lose the others.
  }
}
