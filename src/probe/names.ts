import type { X509Certificate } from 'node:crypto';
import { normalizeHostname } from '../api/hostname.ts';

/** What can be asked for by SNI and in a Host header. */
const SERVER_NAME = /^(?=.{1,253}$)[a-z0-9_]([-a-z0-9_]*[a-z0-9_])?(\.[a-z0-9_]([-a-z0-9_]*[a-z0-9_])?)*$/;

/** A subject alternative name as Node prints it; with odd characters its value is quoted like in JSON. */
const ALTERNATIVE_NAME = /([A-Za-z][A-Za-z ]*):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/gy;

/** Whether the name can be asked for: no wildcard, nothing that would break out of a header. Expects lower case. */
export function isServerName(hostname: string): boolean {
  return SERVER_NAME.test(hostname);
}

/**
 * Whether a name on a certificate stands for the hostname: the name itself, or a wildcard and exactly one label in
 * its place. Both are compared in their normal form.
 */
export function nameCovers(certificateName: string, hostname: string): boolean {
  const name = normalizeHostname(certificateName);
  const asked = normalizeHostname(hostname);
  return name === asked || (name.startsWith('*.') && name === wildcardOf(asked));
}

/** `*.example.com` for `www.example.com`; undefined for a single label and for a wildcard. */
export function wildcardOf(hostname: string): string | undefined {
  const dot = hostname.indexOf('.');
  return dot < 1 || hostname.startsWith('*') ? undefined : `*${hostname.slice(dot)}`;
}

/**
 * The names a certificate is for: its alternative names of kind DNS or, where it has no alternative names at all,
 * the common name, which Cloudflare still reads.
 */
export function namesOn(certificate: X509Certificate): readonly string[] {
  const { subjectAltName, subject } = certificate;
  if (subjectAltName === undefined) return commonName(subject);
  return [...subjectAltName.matchAll(ALTERNATIVE_NAME)]
    .filter(([, kind, value]) => kind === 'DNS' && value?.startsWith('"') === false)
    .map(([, , value = '']) => value);
}

function commonName(subject: string): readonly string[] {
  const prefix = 'CN=';
  return (subject ?? '')
    .split('\n')
    .filter((line) => line.startsWith(prefix))
    .map((line) => line.slice(prefix.length));
}
