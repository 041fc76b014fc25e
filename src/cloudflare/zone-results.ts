import { X509Certificate } from 'node:crypto';
import { normalizeHostname } from '../api/hostname.ts';
import { certificateKeyDigest } from '../pki/keys.ts';
import { asRecord, asText } from './envelope.ts';
import { endOf, parseTime } from './results.ts';

export interface DnsRecord {
  readonly id: string;
  /** Lower case, international labels in their xn-- form; `*.example.com` for a wildcard. */
  readonly name: string;
  /** A, AAAA, CNAME, TXT… */
  readonly type: string;
  /** An address or a name. */
  readonly content: string;
  /** Whether Cloudflare stands before it (orange cloud). */
  readonly proxied: boolean;
  readonly proxiable: boolean;
}

export interface ZoneSetting {
  /** As it was asked for: Cloudflare answers `ssl_automatic_mode` under another name. */
  readonly id: string;
  readonly value: unknown;
  /** Whether the zone's plan lets it be changed. */
  readonly editable: boolean;
  /** Milliseconds since the Unix epoch; undefined where it never was changed. */
  readonly modifiedOn: number | undefined;
}

const CLIENT_CERTIFICATE_STATUSES = [
  'initializing',
  'pending_deployment',
  'active',
  'pending_deletion',
  'deleted',
  'deployment_timed_out',
  'deletion_timed_out',
] as const;

/** `unknown` stands for a word that Cloudflare's documentation does not have. */
export type ClientCertificateStatus = (typeof CLIENT_CERTIFICATE_STATUSES)[number] | 'unknown';

/** A certificate that Cloudflare shows to origins. Its key is never given back. */
export interface ClientCertificate {
  readonly id: string;
  /** PEM, or '' where the answer had none. */
  readonly certificate: string;
  /** Upper-case hex with colons; this and the next are absent where the certificate cannot be read. */
  readonly fingerprintSHA256: string | undefined;
  /** SHA-256 (hex) of the SubjectPublicKeyInfo. */
  readonly publicKeyDigest: string | undefined;
  readonly status: ClientCertificateStatus;
  /** Milliseconds since the Unix epoch, from the certificate where it can be read. */
  readonly notAfter: number | undefined;
  /** Milliseconds since the Unix epoch. */
  readonly uploadedOn: number | undefined;
}

/** A record of an answer, of whatever type; undefined where it can be named by nothing. */
export function dnsRecordOf(value: unknown): DnsRecord | undefined {
  const record = asRecord(value);
  const id = asText(record?.['id']);
  const name = asText(record?.['name']);
  const type = asText(record?.['type']);
  if (record === undefined || id === undefined || name === undefined || type === undefined) return undefined;
  return {
    id,
    name: normalizeHostname(name),
    type: type.toUpperCase(),
    content: asText(record['content']) ?? '',
    proxied: record['proxied'] === true,
    proxiable: record['proxiable'] === true,
  };
}

/** A setting of an answer; undefined where it has no value. */
export function zoneSettingOf(id: string, value: unknown): ZoneSetting | undefined {
  const record = asRecord(value);
  if (record?.['value'] === undefined || record['value'] === null) return undefined;
  return {
    id,
    value: record['value'],
    editable: record['editable'] !== false,
    modifiedOn: parseTime(record['modified_on']),
  };
}

/** A client certificate of an answer; undefined where it has no id. */
export function clientCertificateOf(value: unknown): ClientCertificate | undefined {
  const record = asRecord(value);
  const id = asText(record?.['id']);
  if (record === undefined || id === undefined) return undefined;
  const certificate = asText(record['certificate']) ?? '';
  const parsed = parseLeaf(certificate);
  const word = record['status'];
  return {
    id,
    certificate,
    fingerprintSHA256: parsed?.fingerprint256,
    publicKeyDigest: parsed && certificateKeyDigest(parsed),
    status: CLIENT_CERTIFICATE_STATUSES.find((status) => status === word) ?? 'unknown',
    notAfter: endOf(parsed) ?? parseTime(record['expires_on']),
    uploadedOn: parseTime(record['uploaded_on']),
  };
}

function parseLeaf(pem: string): X509Certificate | undefined {
  if (pem === '') return undefined;
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined; // Somebody's odd certificate is listed all the same, by its id.
  }
}
