import { createSecureContext, type SecureContext } from 'node:tls';
import type { KubeClient } from '../../src/kube/client.ts';
import type { KubeObject, Secret } from '../../src/kube/object.ts';
import { Reflector } from '../../src/kube/reflector.ts';
import { type Resource, secrets } from '../../src/kube/resource.ts';

interface Ingress extends KubeObject {
  readonly spec?: {
    readonly tls?: readonly { readonly secretName?: string; readonly hosts?: readonly string[] }[];
  };
}

const ingresses: Resource<Ingress> = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  plural: 'ingresses',
  namespaced: true,
};

export interface ServedPairsOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  /** Told what goes wrong with a watch, and of a pair that cannot be used: then the one before stays. */
  readonly onError: (error: unknown) => void;
}

/**
 * The pairs that the Ingresses of a namespace name, as an Ingress controller keeps them: watched through the API, a
 * changed Secret ready for the next handshake.
 */
export class ServedPairs {
  readonly #ingresses: Reflector<Ingress>;
  readonly #secrets: Reflector<Secret>;
  readonly #contexts = new Map<string, SecureContext>();

  constructor(watch: ServedPairsOptions) {
    this.#ingresses = new Reflector<Ingress>({ ...watch, resource: ingresses });
    this.#secrets = new Reflector<Secret>({
      ...watch,
      resource: secrets,
      onChange: ({ current, previous }) => this.#take(current, previous),
    });
  }

  /** Watches until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#ingresses.run(signal), this.#secrets.run(signal)]);
  }

  /** What to show for a host; undefined when no Ingress names a Secret for it, or none is there. */
  contextFor(host: string): SecureContext | undefined {
    const tls = this.#ingresses.list().flatMap(({ spec }) => spec?.tls ?? []);
    const secretName = tls.find(({ hosts }) => hosts?.includes(host))?.secretName;
    return secretName === undefined ? undefined : this.#contexts.get(secretName);
  }

  #take(current: Readonly<Secret> | undefined, previous: Readonly<Secret> | undefined): void {
    const name = (current ?? previous)?.metadata.name ?? '';
    const cert = current?.data?.['tls.crt'];
    const key = current?.data?.['tls.key'];
    if (!cert || !key) this.#contexts.delete(name);
    else this.#contexts.set(name, createSecureContext({ cert: decode(cert), key: decode(key) }));
  }
}

function decode(base64: string): Buffer {
  return Buffer.from(base64, 'base64');
}
