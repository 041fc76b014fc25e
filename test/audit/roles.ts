import { readManifests } from '../support/manifests.ts';

/** One verb on one resource, as a role of ours grants it. */
export interface Grant {
  /** As the API server's reasons name it: `ClusterRole "origin-ca-operator"`. */
  readonly role: string;
  /** `''` for the core group. */
  readonly apiGroup: string;
  /** With its subresource. */
  readonly resource: string;
  readonly verb: string;
}

/** What a manifest of RBAC holds. */
export interface Role {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly rules?: readonly {
    readonly apiGroups: readonly string[];
    readonly resources: readonly string[];
    readonly verbs: readonly string[];
  }[];
}

/** Where the roles of the operator's account stand. Those in `base/aggregated-roles.yaml` are for people. */
const FILES = [
  'deploy/cluster-role.yaml',
  'deploy/base/leader-role.yaml',
  'deploy/overlays/namespaced/watched/role.yaml',
];

/** Every grant to the operator's account in `deploy/`. */
export async function operatorGrants(): Promise<Grant[]> {
  const files = await Promise.all(FILES.map(readManifests));
  return files.flat().flatMap((manifest) => grantsOf(manifest));
}

/** The grants of a Role or ClusterRole, rule by rule; none of anything else. */
export function grantsOf({ kind, metadata, rules = [] }: Role): Grant[] {
  if (kind !== 'Role' && kind !== 'ClusterRole') return [];
  const role = `${kind} "${metadata.name}"`;
  return rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((apiGroup) =>
      resources.flatMap((resource) => verbs.map((verb) => ({ role, apiGroup, resource, verb }))),
    ),
  );
}
