import { domainToASCII } from 'node:url';

/**
 * Hostnames as a certificate can carry them: a lower-case ASCII name of two labels or more, or `*.` and such a
 * name. Everything that compares names goes through `normalizeHostname`, because Cloudflare answers re-ordered,
 * people write `Example.com.`, and the two spellings of an international name are one name.
 */

const MAX_NAME_LENGTH = 253;
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const ONLY_DIGITS = /^[0-9]+$/;
// oxlint-disable-next-line no-control-regex -- the point is to find what is outside ASCII
const NON_ASCII = /[^\u0000-\u007f]/;
const WILDCARD = '*.';

/**
 * One spelling per name: lower case, without a trailing dot, international labels in their xn-- form. Total: what
 * is no hostname comes back lower-cased, for `hostnameProblem` to judge.
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
 * Why `name` cannot stand in a certificate, as the end of a sentence that begins with the name; undefined where
 * it can. The same rules as the CRD's, so what the API server lets through passes here too.
 */
export function hostnameProblem(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (NON_ASCII.test(name)) return 'is not ASCII: write its xn-- form';
  if (name !== name.toLowerCase()) return 'has upper-case letters: write it in lower case';
  if (name.endsWith('.')) return 'ends with a dot: leave the dot out';
  if (name.length > MAX_NAME_LENGTH) return `is longer than ${MAX_NAME_LENGTH} characters`;
  const base = baseOf(name);
  if (base.includes('*'))
    return 'has a * elsewhere than as its whole first label: only *.example.com is possible';
  if (base.includes(':')) return 'is an IP address or carries a port: only DNS names are possible';
  const labels = base.split('.');
  if (labels.every((label) => ONLY_DIGITS.test(label)))
    return 'is an IP address: only DNS names are possible';
  if (labels.length < 2) return 'has too few labels: a name needs at least two, such as example.com';
  const long = labels.find((label) => label.length > 63);
  if (long !== undefined) return 'has a label of more than 63 characters';
  const bad = labels.find((label) => !LABEL.test(label));
  if (bad !== undefined) return `has the label "${bad}": a label has letters, digits and inner hyphens only`;
  if (ONLY_DIGITS.test(labels.at(-1) ?? '')) return 'ends with a label of digits only: no zone is named so';
  return undefined;
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

/** Whether two lists name the same hosts: order, spelling and duplicates do not matter. */
export function sameHostnames(left: readonly string[], right: readonly string[]): boolean {
  const ours = new Set(left.map(normalizeHostname));
  const theirs = new Set(right.map(normalizeHostname));
  return ours.size === theirs.size && [...ours].every((name) => theirs.has(name));
}

/** The name without its leading `*.`. */
function baseOf(name: string): string {
  return name.startsWith(WILDCARD) ? name.slice(WILDCARD.length) : name;
}
