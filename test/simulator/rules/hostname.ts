import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';

/** A hostname as Cloudflare keeps it, or why it takes no such name. */
export type HostnameVerdict =
  { readonly ok: true; readonly hostname: string } | { readonly ok: false; readonly reason: string };

const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;

/** Lower-cases, turns into punycode and judges one requested hostname: FQDN, or `*.` before an FQDN. */
export function judgeHostname(requested: string): HostnameVerdict {
  const name = requested.trim().toLowerCase();
  if (isIP(name.replace(/^\[|\]$/g, '')) !== 0) return refuse('IP addresses are not supported');
  const wildcard = name.startsWith('*.');
  const base = wildcard ? name.slice(2) : name;
  if (base.includes('*')) return refuse('a wildcard may only stand as the whole first label');
  const ascii = domainToASCII(base);
  const labels = ascii.split('.');
  if (ascii === '' || ascii.length > 253 || !labels.every((label) => LABEL.test(label))) {
    return refuse('it is not a valid hostname');
  }
  if (labels.length < 2) return refuse('it needs at least two labels after any wildcard');
  return { ok: true, hostname: wildcard ? `*.${ascii}` : ascii };
}

function refuse(reason: string): HostnameVerdict {
  return { ok: false, reason };
}

/** A record's name as Cloudflare keeps it: lower case, punycode. What no host can be called stays as it is. */
export function recordName(name: string): string {
  const lower = name.toLowerCase();
  return domainToASCII(lower) || lower;
}

/** The order in which Cloudflare returns hostnames: by bytes, so `*.x` stands before `x`. */
export function inCloudflareOrder(hostnames: Iterable<string>): string[] {
  return [...hostnames].toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** Whether a hostname (or wildcard) lies in a zone. */
export function liesIn(hostname: string, zoneName: string): boolean {
  const name = hostname.replace(/^\*\./, '');
  return name === zoneName || name.endsWith(`.${zoneName}`);
}

/** The zone of a hostname: of all that it lies in, the one with the longest name. */
export function zoneOf<Z extends { readonly name: string }>(
  hostname: string,
  zones: Iterable<Z>,
): Z | undefined {
  let best: Z | undefined;
  for (const zone of zones) {
    if (liesIn(hostname, zone.name) && zone.name.length > (best?.name.length ?? 0)) best = zone;
  }
  return best;
}
