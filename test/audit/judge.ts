import type { Requests } from './requests.ts';
import type { Grant } from './roles.ts';

/** How often a grant was used. */
export interface Use {
  readonly grant: Grant;
  readonly count: number;
}

/** What the audit log says of rights and of those who hold them. */
export interface Verdict {
  /** Every grant in the order of the roles. */
  readonly uses: readonly Use[];
  /** Grants that no request needed. */
  readonly unused: readonly Grant[];
  /** Requests of the operator that no role allowed. */
  readonly forbidden: readonly Requests[];
  /** How many requests tests sent under the operator's account, to see what becomes of them. Not judged. */
  readonly byTests: number;
}

/** The operator sends its version; the tests' own clients, which speak as its account too, do not. */
const OPERATOR_AGENT = 'origin-ca-operator/';

/** Holds what an account may do against what it did, as the API server judged each request. */
export function judge(grants: readonly Grant[], requests: readonly Requests[]): Verdict {
  const own = requests.filter(({ userAgent }) => userAgent.startsWith(OPERATOR_AGENT));
  const uses = grants.map((grant) => ({
    grant,
    count: total(own.filter((request) => needs(request, grant))),
  }));
  return {
    uses,
    unused: uses.filter(({ count }) => count === 0).map(({ grant }) => grant),
    forbidden: own.filter(({ decision }) => decision === 'forbid'),
    byTests: total(requests) - total(own),
  };
}

/** Whether the request was allowed by this very role, for this very verb. A refusal has no role in its reason. */
function needs(request: Requests, { role, apiGroup, resource, verb }: Grant): boolean {
  return (
    request.reason.includes(` of ${role} `) &&
    request.apiGroup === apiGroup &&
    request.resource === resource &&
    request.verb === verb
  );
}

function total(requests: readonly Requests[]): number {
  return requests.reduce((sum, { count }) => sum + count, 0);
}

/** The verdict for people: a table of all grants, then what is wrong, if anything is. */
export function report({ uses, unused, forbidden, byTests }: Verdict): string {
  const roles = Map.groupBy(uses, ({ grant }) => grant.role);
  const tables = [...roles].map(([role, ofRole]) =>
    [
      `${role} of deploy/:`,
      ...ofRole.map(({ grant, count }) => `${String(count).padStart(8)}  ${words(grant)}`),
    ].join('\n'),
  );
  const wrong = [
    ...unused.map(
      (grant) => `never used: ${grant.role} grants ${words(grant)}. Take it out, or test what needs it.`,
    ),
    ...forbidden.map((request) => `refused ${request.count} times: ${words(request)} (${placeOf(request)})`),
  ];
  const summary =
    wrong.length === 0
      ? `Each of ${uses.length} rights was used, and nothing that the operator asked for was refused.`
      : `${unused.length} of ${uses.length} rights were never used; ${forbidden.length} kinds of request were refused:`;
  const aside = `${byTests} requests of tests under the operator's account are not judged.`;
  return [...tables, aside, [summary, ...wrong.map((line) => `  ${line}`)].join('\n')].join('\n\n');
}

function words({ verb, resource, apiGroup }: Pick<Grant, 'verb' | 'resource' | 'apiGroup'>): string {
  return `${verb} ${apiGroup === '' ? resource : `${resource} of ${apiGroup}`}`;
}

function placeOf({ namespace, code }: Requests): string {
  const places = {
    own: "in the operator's namespace",
    other: 'in another namespace',
    none: 'in no namespace',
  };
  return `${places[namespace]}, status ${code}`;
}
