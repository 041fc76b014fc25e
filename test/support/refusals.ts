import type { KubeClient } from '../../src/kube/client.ts';
import { KubeError } from '../../src/kube/errors.ts';
import type { KubeObject } from '../../src/kube/object.ts';
import type { Resource } from '../../src/kube/resource.ts';
import { cluster } from './cluster.ts';

/** A manifest as a person writes it: whatever the types say of it. */
export interface Manifest extends KubeObject {
  readonly spec: Readonly<Record<string, unknown>>;
}

/** Asks the API server what it thinks of manifests, and leaves nothing behind. */
export class Refusals {
  readonly #client: KubeClient;
  readonly #namespace: string;

  /** @param namespace for the kinds that live in one. */
  constructor(client: KubeClient, namespace: string) {
    this.#client = client;
    this.#namespace = namespace;
  }

  /** Creates the object for show only; rejects with the KubeError of a refusal. */
  async tryCreate<T extends KubeObject>(
    resource: Resource<T>,
    spec: object,
    name = 'tried',
  ): Promise<Manifest> {
    const { apiVersion, kind, namespaced } = resource;
    const metadata = { name, ...(namespaced ? { namespace: this.#namespace } : {}) };
    const options = { signal: AbortSignal.timeout(10_000), fieldManager: 'test', dryRun: true };
    const manifest = { apiVersion, kind, metadata, spec } as unknown as T; // What the types forbid is what is tried.
    return (await this.#client.create(resource, manifest, options)) as unknown as Manifest;
  }

  /** What kubectl prints, line by line. */
  async of<T extends KubeObject>(resource: Resource<T>, spec: object, name?: string): Promise<string[]> {
    const created = await this.tryCreate(resource, spec, name).catch((error: unknown) => error);
    if (!(created instanceof KubeError)) throw new Error(`was not refused: ${JSON.stringify(created)}`);
    if (created.kind !== 'Invalid') throw created;
    return created.causes
      .filter(({ message }) => !message.includes('some validation rules were not checked'))
      .map(
        ({ field, message }) =>
          `${field}: ${message.replace(/^Invalid value: "object": /, 'Invalid value: ')}`,
      );
  }
}

/** Kubernetes 1.34 shows the type in place of the value that a CEL rule refused. */
export function shown(sentence: string): string {
  if (!cluster().version.startsWith('1.34.')) return sentence;
  return sentence.replace(/Invalid value: "[^"]*": (?!spec\.)/, 'Invalid value: "string": ');
}
