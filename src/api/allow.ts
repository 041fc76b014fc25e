import { covers } from './hostname.ts';

/** One entry of an issuer's `spec.allow`. */
export interface AllowRule {
  /** Absent on OriginIssuer, where the namespace is the issuer's own. */
  readonly namespaceSelector?: LabelSelector | undefined;
  readonly hostnames: readonly string[];
}

/** metav1.LabelSelector: empty selects everything. */
export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>> | undefined;
  readonly matchExpressions?: readonly LabelRequirement[] | undefined;
}

interface LabelRequirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[] | undefined;
}

/** The hostnames that no rule lets a namespace with these labels ask for. No rule, no hostname: deny by default. */
export function notAllowed(
  rules: readonly AllowRule[],
  namespaceLabels: Readonly<Record<string, string>>,
  hostnames: readonly string[],
): string[] {
  const patterns = rules
    .filter((rule) => selects(rule.namespaceSelector ?? {}, namespaceLabels))
    .flatMap((rule) => rule.hostnames);
  return hostnames.filter((hostname) => !patterns.some((pattern) => covers(pattern, hostname)));
}

/** Who may ask for a hostname, in words, for the message to the one who may not. */
export function whoMay(rules: readonly AllowRule[], hostname: string): string {
  const selectors = rules
    .filter((rule) => rule.hostnames.some((pattern) => covers(pattern, hostname)))
    .map((rule) => describe(rule.namespaceSelector ?? {}));
  return selectors.length === 0 ? 'nobody' : `namespaces with ${[...new Set(selectors)].join(' or ')}`;
}

export function selects(selector: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  const equal = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
  return equal && (selector.matchExpressions ?? []).every((requirement) => meets(requirement, labels));
}

function meets(
  { key, operator, values = [] }: LabelRequirement,
  labels: Readonly<Record<string, string>>,
): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false; // An operator of a later Kubernetes: what is not understood is not allowed.
  }
}

function describe(selector: LabelSelector): string {
  const labels = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
  const expressions = (selector.matchExpressions ?? []).map(({ key, operator, values }) =>
    values?.length ? `${key} ${operator} (${values.join(', ')})` : `${key} ${operator}`,
  );
  const parts = [...labels, ...expressions];
  return parts.length === 0 ? 'any labels' : `labels ${parts.join(', ')}`;
}
