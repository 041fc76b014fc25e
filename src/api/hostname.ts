import { domainToASCII } from 'node:url';

/**
 * Hostnames as a certificate can carry them: a lower-case ASCII name of two labels or more, or `*.` and such a
 * name. Everything that compares names goes through `normalizeHostname`, because Cloudflare answers re-ordered,
 * people write `Example.com.`, and the two spellings of an international name are one name.
 */

// oxlint-disable-next-line no-control-regex -- the point is to find what is outside ASCII
const NON_ASCII = /[^\u0000-\u007f]/;
const WILDCARD = '*.';

/**
 * One spelling per name: lower case, without a trailing dot, international labels in their xn-- form. Total: what
 * is no hostname comes back lower-cased: the CRD's rules keep it out.
 */
export function normalizeHostname(name: string): string {
  const lower = name.toLowerCase();
  const undotted = lower.endsWith('.') ? lower.slice(0, -1) : lower;
  if (!NON_ASCII.test(undotted)) return undotted;
  const wildcard = undotted.startsWith(WILDCARD) ? WILDCARD : '';
  const ascii = domainToASCII(undotted.slice(wildcard.length));
  return ascii === '' ? undotted : wildcard + ascii;
}

/**
 * Whether an issuer's `allow` entry covers a name: `example.com` covers itself alone, `*.example.com` everything
 * below at any depth, wildcard names included, but not `example.com`. (A certificate's wildcard reaches one label
 * only; this is a permission, not a certificate.)
 */
export function covers(pattern: string, name: string): boolean {
  const allowed = normalizeHostname(pattern);
  const asked = normalizeHostname(name);
  if (!allowed.startsWith(WILDCARD)) return allowed === asked;
  const below = allowed.slice(1);
  return asked.length > below.length && asked.endsWith(below);
}

/**
 * The zones a name belongs to: those with the longest name that is the hostname (without `*.`) or a suffix of it
 * at a label boundary. More than one only where several accounts hold a zone of the same name.
 */
export function zonesOf<Zone extends { readonly name: string }>(
  hostname: string,
  zones: readonly Zone[],
): readonly Zone[] {
  const base = `.${baseOf(normalizeHostname(hostname))}`;
  let longest = 0;
  let found: Zone[] = [];
  for (const zone of zones) {
    const name = normalizeHostname(zone.name);
    if (name === '' || name.length < longest || !base.endsWith(`.${name}`)) continue;
    if (name.length > longest) found = [];
    longest = name.length;
    found.push(zone);
  }
  return found;
}

/** The first of `zonesOf`; undefined where the name is in none of the zones. */
export function zoneOf<Zone extends { readonly name: string }>(
  hostname: string,
  zones: readonly Zone[],
): Zone | undefined {
  return zonesOf(hostname, zones)[0];
}

/** The name without its leading `*.`. */
function baseOf(name: string): string {
  return name.startsWith(WILDCARD) ? name.slice(WILDCARD.length) : name;
}
