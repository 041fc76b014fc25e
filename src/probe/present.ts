import type { X509Certificate } from 'node:crypto';
import { namesOn } from './names.ts';
import type { Presented } from './types.ts';

/** Names that are kept of one certificate: Cloudflare issues for 100 at most. */
const MOST_NAMES = 100;
/** Names that a sentence carries. */
const SHOWN_NAMES = 5;
const LONGEST_TEXT = 200;

/** Control, format and unassigned characters: an origin must not write our log lines and conditions. */
const UNPRINTABLE = /\p{C}+/gu;

/** What an origin said, made fit to show: one line, bounded. */
export function clean(text: string): string {
  const plain = text.replaceAll('\n', ', ').replaceAll(UNPRINTABLE, ' ').trim();
  return plain.length <= LONGEST_TEXT ? plain : `${plain.slice(0, LONGEST_TEXT)}…`;
}

/** The facts of a certificate that came from an origin: nothing in it is trusted to be well-formed. */
export function presentedOf(certificate: X509Certificate): Presented {
  return {
    subject: clean(certificate.subject ?? ''),
    issuer: clean(certificate.issuer ?? ''),
    names: namesOn(certificate).slice(0, MOST_NAMES).map(clean),
    notBefore: certificate.validFromDate.getTime(),
    notAfter: certificate.validToDate.getTime(),
    fingerprintSHA256: certificate.fingerprint256,
    id: decimal(certificate.serialNumber),
  };
}

/** `subject CN=a, issuer CN=b, valid from … to …, for a.example, b.example and 3 more names`. */
export function describePresented({ subject, issuer, names, notBefore, notAfter }: Presented): string {
  const dates = `valid from ${formatTime(notBefore)} to ${formatTime(notAfter)}`;
  return `subject ${subject || '(empty)'}, issuer ${issuer || '(empty)'}, ${dates}, for ${listNames(names)}`;
}

/** A time in UTC to the second; an unreadable one is said to be so. */
export function formatTime(ms: number): string {
  if (!Number.isFinite(ms)) return 'an unreadable date';
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

function listNames(names: readonly string[]): string {
  if (names.length === 0) return 'no name';
  const shown = names.slice(0, SHOWN_NAMES).join(', ');
  const more = names.length - SHOWN_NAMES;
  return more > 0 ? `${shown} and ${more} more` : shown;
}

/** Node prints serial numbers in hex, negative ones with a sign. */
function decimal(serial: string): string {
  const [, sign, digits] = /^(-?)([0-9a-f]+)$/i.exec(serial) ?? [];
  return digits === undefined ? '' : `${sign ?? ''}${BigInt(`0x${digits}`).toString(10)}`;
}
