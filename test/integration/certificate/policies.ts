import type { KubeObject } from '../../../src/kube/object.ts';
import { type Resource, secrets } from '../../../src/kube/resource.ts';
import type { Scene } from '../../support/scene.ts';
import { waitFor } from '../../support/wait.ts';

/** What a policy says and does to those whom it is bound to. */
interface PolicyKind {
  readonly policies: Resource<Policy>;
  readonly bindings: Resource<Policy>;
}

interface Policy extends KubeObject {
  readonly spec: object;
}

/** A policy in force in the namespace of a scene. */
export interface InForce {
  /** Resolves when it is no longer in force. */
  readonly lift: () => Promise<void>;
}

/** Every policy answers this Secret too, so that it can be seen whether it is in force. */
const PROBE = 'forbidden';

/** A policy that lets only those Secrets through for which the CEL expression is true; resolves when it is in force. */
export async function forbid(scene: Scene, expression: string): Promise<InForce> {
  const validations = [
    {
      expression: `object.metadata.name != '${PROBE}' && (${expression})`,
      message: 'this Secret is not welcome',
    },
  ];
  const isRefused = async (): Promise<boolean> =>
    probe(scene).then(
      () => false,
      () => true,
    );
  return enforce(scene, kind('Validating'), { validations }, { validationActions: ['Deny'] }, isRefused);
}

/** A policy that takes a label off every Secret of that name which is written; resolves when it is in force. */
export async function stripLabel(scene: Scene, secretName: string, label: string): Promise<InForce> {
  const names = `['${PROBE}', '${secretName}']`;
  const path = label.replaceAll('~', '~0').replaceAll('/', '~1');
  const spec = {
    failurePolicy: 'Fail',
    reinvocationPolicy: 'Never',
    matchConditions: [
      {
        name: 'labelled',
        expression: `object.metadata.name in ${names} && has(object.metadata.labels) && '${label}' in object.metadata.labels`,
      },
    ],
    mutations: [
      {
        patchType: 'JSONPatch',
        jsonPatch: { expression: `[JSONPatch{op: "remove", path: "/metadata/labels/${path}"}]` },
      },
    ],
  };
  const isStripped = async (): Promise<boolean> =>
    (await probe(scene, { [label]: 'x', other: 'x' })).metadata.labels?.[label] === undefined;
  return enforce(scene, kind('Mutating'), spec, {}, isStripped);
}

function kind(which: 'Validating' | 'Mutating'): PolicyKind {
  const of = (suffix: '' | 'Binding', plural: string): Resource<Policy> => ({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: `${which}AdmissionPolicy${suffix}`,
    plural: `${which.toLowerCase()}admissionpolic${plural}`,
    namespaced: false,
  });
  return { policies: of('', 'ies'), bindings: of('Binding', 'ybindings') };
}

const options = () => ({ signal: AbortSignal.timeout(10_000), fieldManager: 'some-tool' });

async function enforce(
  scene: Scene,
  { policies, bindings }: PolicyKind,
  rules: object,
  binding: object,
  isInForce: () => Promise<boolean>,
): Promise<InForce> {
  const metadata = { name: `test-${scene.namespace}` };
  const resourceRules = [
    { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['secrets'] },
  ];
  const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': scene.namespace } };
  await scene.apply(policies, { metadata, spec: { matchConstraints: { resourceRules }, ...rules } });
  await scene.apply(bindings, {
    metadata,
    spec: { policyName: metadata.name, matchResources: { namespaceSelector }, ...binding },
  });
  await waitFor('the policy in force', isInForce, { timeoutMs: 20_000 });
  return {
    lift: async () => {
      await scene.kube.delete(bindings, metadata, options());
      await scene.kube.delete(policies, metadata, options());
      await waitFor('the policy lifted', async () => !(await isInForce()), { timeoutMs: 20_000 });
    },
  };
}

/** Asks for a Secret without making it; resolves to what it would become. */
function probe(scene: Scene, labels: Readonly<Record<string, string>> = {}) {
  return scene.kube.create(
    secrets,
    { metadata: { name: PROBE, namespace: scene.namespace, labels } },
    { ...options(), dryRun: true },
  );
}
