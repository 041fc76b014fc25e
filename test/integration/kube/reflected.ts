import { isDeepStrictEqual } from 'node:util';
import { keyOf, refOf, type Secret } from '../../../src/kube/object.ts';
import type { Change } from '../../../src/kube/copy.ts';
import { Reflector, type ReflectorOptions } from '../../../src/kube/reflector.ts';
import { secrets } from '../../../src/kube/resource.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import type { World } from './world.ts';

type State = Record<string, string>;

/** A reflector of the Secrets of a World's namespace, behind its proxy, and a copy made of its changes alone. */
export class Reflected {
  readonly reflector: Reflector<Secret>;
  readonly errors: unknown[] = [];
  /** Every change, as `added a`, `updated a`, `deleted a`. */
  readonly changes: string[] = [];
  readonly ended: Promise<void>;
  readonly #world: World;
  readonly #copy = new Map<string, string>();

  constructor(world: World, options: Partial<ReflectorOptions<Secret, Secret>> = {}) {
    this.#world = world;
    this.reflector = new Reflector({
      client: world.proxied,
      resource: secrets,
      namespace: world.namespace,
      onError: (error) => void this.errors.push(error),
      ...options,
      onChange: (change) => {
        this.#apply(change);
        options.onChange?.(change);
      },
    });
    this.ended = this.reflector.run(world.signal);
  }

  /** Waits until store, copy and the server's list are one and the same, and a watch is running. */
  async settle(timeoutMs = 20_000): Promise<void> {
    await waitFor('the store to equal the list', async () => await this.#difference(), { timeoutMs });
    const { proxy } = this.#world;
    await waitFor('a running watch', () => proxy.openWatches, { timeoutMs });
  }

  async #difference(): Promise<true | NotYet> {
    const { direct, namespace, signal } = this.#world;
    const listed = await direct.listAll(secrets, { namespace, signal });
    const server = stateOf(listed.map((object) => [keyOf(refOf(object)), versionOf(object)]));
    const store = stateOf([...this.reflector.entries()].map(([key, object]) => [key, versionOf(object)]));
    const copy = stateOf([...this.#copy]);
    const same =
      this.reflector.hasSynced && isDeepStrictEqual(store, server) && isDeepStrictEqual(copy, server);
    return same ? true : new NotYet({ server, store, copy, errors: this.errors.map(String) });
  }

  #apply({ key, current, previous, uid, resourceVersion }: Change<Secret>): void {
    const name = key.slice(key.indexOf('/') + 1);
    if (current === undefined) {
      this.#copy.delete(key);
      this.changes.push(`deleted ${name}`);
      return;
    }
    // What the change says of itself, not what the object says: they must agree.
    this.#copy.set(key, `${uid} ${resourceVersion}`);
    this.changes.push(`${previous === undefined ? 'added' : 'updated'} ${name}`);
  }
}

function versionOf({ metadata }: Secret): string {
  return `${metadata.uid ?? ''} ${metadata.resourceVersion ?? ''}`;
}

function stateOf(entries: [string, string][]): State {
  return Object.fromEntries(entries.sort(([a], [b]) => a.localeCompare(b)));
}

/** The most requests within any one second. */
export function mostPerSecond(timesMs: readonly number[]): number {
  const within = timesMs.map((start) => timesMs.filter((t) => t >= start && t < start + 1_000).length);
  return Math.max(0, ...within);
}
