const MAX_NAME_LENGTH = 253;
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const ONLY_DIGITS = /^[0-9]+$/;
// oxlint-disable-next-line no-control-regex -- the point is to find what is outside ASCII
const NON_ASCII = /[^\u0000-\u007f]/;
const WILDCARD = '*.';

/**
 * Why `name` cannot stand in a certificate, as the end of a sentence that begins with the name; undefined where
 * it can. The rules of the CRDs in another language, to hold those against.
 */
export function hostnameProblem(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (NON_ASCII.test(name)) return 'is not ASCII: write its xn-- form';
  if (name !== name.toLowerCase()) return 'has upper-case letters: write it in lower case';
  if (name.endsWith('.')) return 'ends with a dot: leave the dot out';
  if (name.length > MAX_NAME_LENGTH) return `is longer than ${MAX_NAME_LENGTH} characters`;
  const base = name.startsWith(WILDCARD) ? name.slice(WILDCARD.length) : name;
  if (base.includes('*'))
    return 'has a * elsewhere than as its whole first label: only *.example.com is possible';
  if (base.includes('://')) return 'is a URL: write the host alone, as in example.com';
  if (base.includes(':')) return 'is an IP address or carries a port: only DNS names are possible';
  const labels = base.split('.');
  if (labels.every((label) => ONLY_DIGITS.test(label)))
    return 'is an IP address: only DNS names are possible';
  if (labels.length < 2) return 'has too few labels: a name needs at least two, such as example.com';
  const long = labels.find((label) => label.length > 63);
  if (long !== undefined) return 'has a label of more than 63 characters: shorten it';
  const bad = labels.find((label) => !LABEL.test(label));
  if (bad !== undefined) return `has the label "${bad}": a label has letters, digits and inner hyphens only`;
  if (ONLY_DIGITS.test(labels.at(-1) ?? ''))
    return 'ends with a label of digits only: no zone is named so, write the whole name';
  return undefined;
}
