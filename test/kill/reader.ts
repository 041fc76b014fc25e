import type { KubeClient } from '../../src/kube/client.ts';
import type { Secret } from '../../src/kube/object.ts';
import type { Change } from '../../src/kube/copy.ts';
import { Reflector } from '../../src/kube/reflector.ts';
import { secrets } from '../../src/kube/resource.ts';
import { inspectPair, type PairFacts } from '../../src/pki/inspect.ts';
import { decode } from '../../src/secret-facts.ts';

/** The pair in a TLS Secret. */
export function pairOf(secret: Readonly<Secret> | undefined): PairFacts {
  return inspectPair(text(secret, 'tls.crt'), text(secret, 'tls.key'), []);
}

function text(secret: Readonly<Secret> | undefined, key: string): string {
  const data = secret?.data?.[key];
  return decode(data) ?? '';
}

/**
 * Reads TLS Secrets as an Ingress controller does, every version of them, and notes what no reader may ever see: a
 * pair that went, or a certificate with another key.
 */
export class Reader {
  readonly #reflector: Reflector<Secret>;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  /** Ids of all certificates that were ever read. */
  readonly served = new Set<string>();
  breaches: string[] = [];

  constructor(client: KubeClient, namespace: string) {
    this.#reflector = new Reflector<Secret>({
      client,
      namespace,
      resource: secrets,
      onChange: (change) => this.#read(change),
    });
    this.#running = this.#reflector.run(this.#stop.signal);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  #read({ key, current, previous }: Change<Secret>): void {
    if ((current ?? previous)?.type !== 'kubernetes.io/tls') return;
    if (current === undefined) return void this.breaches.push(`Secret ${key} was deleted`);
    const pair = pairOf(current);
    if (pair.state === 'Matching') this.served.add(pair.certificate.id);
    else this.breaches.push(`Secret ${key} held no pair: ${pair.problem}`);
  }
}
