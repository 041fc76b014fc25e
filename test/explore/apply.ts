import { FIELD_MANAGER } from '../../src/api/names.ts';
import type { Secret } from '../../src/kube/object.ts';

/** Server-side apply: what this manager owned and leaves out goes, what others put there stays. */
export function applied(found: Secret, body: Secret): Secret {
  const owned = found.metadata.managedFields?.find(({ operation }) => operation === 'Apply')?.fieldsV1;
  const merge = (before: Values = {}, now: Values = {}, fields: object = {}): Values => ({
    ...Object.fromEntries(Object.entries(before).filter(([name]) => !Object.hasOwn(fields, `f:${name}`))),
    ...now,
  });
  const metadata = fieldsOf(owned, 'f:metadata');
  return {
    ...found,
    metadata: {
      ...found.metadata,
      labels: merge(found.metadata.labels, body.metadata.labels, fieldsOf(metadata, 'f:labels')),
      annotations: merge(
        found.metadata.annotations,
        body.metadata.annotations,
        fieldsOf(metadata, 'f:annotations'),
      ),
      ...mergedOwners(found, body, fieldsOf(metadata, 'f:ownerReferences')),
      managedFields: body.metadata.managedFields ?? [],
    },
    data: merge(found.data, body.data, fieldsOf(owned, 'f:data')),
  };
}

type Values = Readonly<Record<string, string>>;

function fieldsOf(tree: object | undefined, name: string): object {
  const found: unknown = Object.entries(tree ?? {}).find(([field]) => field === name)?.[1];
  return typeof found === 'object' && found !== null ? found : {};
}

/** The entry of `managedFields` by which the API server remembers what such an apply owns. */
export function ownership({ metadata, data }: Secret) {
  const fields = (values: Values = {}): object =>
    Object.fromEntries(Object.keys(values).map((name) => [`f:${name}`, {}]));
  const fieldsV1 = {
    'f:metadata': {
      'f:labels': fields(metadata.labels),
      'f:annotations': fields(metadata.annotations),
      'f:ownerReferences': Object.fromEntries(
        (metadata.ownerReferences ?? []).map(({ uid }) => [ownerField(uid), {}]),
      ),
    },
    'f:data': fields(data),
  };
  return { manager: FIELD_MANAGER.certificate, operation: 'Apply', fieldsV1 };
}

/** A list by uid: others' entries stay. */
function mergedOwners(
  found: Secret,
  body: Secret,
  fields: object,
): Pick<Secret['metadata'], 'ownerReferences'> {
  const before = found.metadata.ownerReferences ?? [];
  const now = body.metadata.ownerReferences ?? [];
  const ours = [...Object.keys(fields), ...now.map(({ uid }) => ownerField(uid))];
  const ownerReferences = [...before.filter(({ uid }) => !ours.includes(ownerField(uid))), ...now];
  return ownerReferences.length > 0 || found.metadata.ownerReferences ? { ownerReferences } : {};
}

function ownerField(uid: string): string {
  return `k:${JSON.stringify({ uid })}`;
}
