import { Turns } from '../turns.ts';
import { Backoff } from './backoff.ts';
import type { KubeClient } from './client.ts';
import { type Change, Copy } from './copy.ts';
import { KubeError } from './errors.ts';
import { type KubeObject, keyOf, refOf } from './object.ts';
import { pause } from './pause.ts';
import type { Resource } from './resource.ts';

interface BaseOptions<S> {
  readonly client: KubeClient;
  /** Absent: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  /** Called after the store has changed. What it throws goes to `onError` and stops nothing. */
  readonly onChange?: (change: Change<S>) => void;
  /** Told every failure of a request and every throw of `onChange`; the reflector goes on by itself. */
  readonly onError?: (error: unknown) => void;
  /** How long one watch lasts. Default 290: the API server's own limit is 300. */
  readonly timeoutSeconds?: number;
  /** How long after `timeoutSeconds` a silent watch counts as dead. Default 10 s. */
  readonly idleMarginMs?: number;
  readonly random?: () => number;
}

/** What is stored is the object itself (S = T), or what `transform` makes of it. */
export type ReflectorOptions<T extends KubeObject, S> = BaseOptions<S> & {
  readonly resource: Resource<T>;
} & ([T] extends [S] ? { readonly transform?: (object: T) => S } : { readonly transform: (object: T) => S });

/** A watch that the server ends sooner than this is a failure too, or a broken server would be asked without pause. */
const SHORT_WATCH_MS = 1_000;
/** A server that asks us to stay away for longer is not believed. */
const MAX_RETRY_AFTER_MS = 5 * 60_000;

/**
 * Keeps a copy of the objects of one kind: a paged list, then watches one after the other. Whatever fails is
 * tried again (0.8 s to 30 s apart), and after each fault the copy equals the server's list: nothing is missed,
 * deletions that happened meanwhile are reported. Times are real, whatever a test's clock does.
 */
export class Reflector<T extends KubeObject, S = T> {
  readonly #o: ReflectorOptions<T, S>;
  readonly #store: Copy<T, S>;
  readonly #backoff: Backoff;
  readonly #synced = Promise.withResolvers<void>();
  #hasSynced = false;

  constructor(options: ReflectorOptions<T, S>) {
    this.#o = options;
    this.#store = new Copy<T, S>({
      // Without a transform the options' type says that a T is an S.
      transform: options.transform ?? ((object: T) => object as KubeObject as S),
      onChange: options.onChange,
      onError: (error) => this.#tell(error),
    });
    this.#backoff = new Backoff({ minMs: 800, maxMs: 30_000, resetAfterMs: 120_000, random: options.random });
  }

  /** Resolves when the first list is complete; never rejects. */
  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  get size(): number {
    return this.#store.size;
  }

  get(key: string): Readonly<S> | undefined {
    return this.#store.get(key);
  }

  list(): Readonly<S>[] {
    return this.#store.list();
  }

  entries(): Generator<[key: string, value: Readonly<S>]> {
    return this.#store.entries();
  }

  /** Runs until the signal aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    let resourceVersion = '';
    while (!signal.aborted) {
      try {
        if (resourceVersion === '') resourceVersion = await this.#list(signal);
        const startMs = performance.now();
        for await (const seen of this.#watch(resourceVersion, signal)) resourceVersion = seen;
        if (performance.now() - startMs < SHORT_WATCH_MS)
          throw new KubeError('Network', this.#say('ended at once'));
      } catch (error) {
        if (signal.aborted) return;
        if (mustRelist(error)) resourceVersion = '';
        this.#tell(error);
        await pause(this.#backoff.next(performance.now(), retryAfterMs(error)), signal);
      }
    }
  }

  async #list(signal: AbortSignal): Promise<string> {
    const { client, resource, namespace, labelSelector } = this.#o;
    const seen = new Set<string>();
    const turns = new Turns();
    let resourceVersion = '';
    // A list without resourceVersion is never older than anything seen before, so pages may go straight in.
    for await (const page of client.pages(resource, { namespace, labelSelector, signal })) {
      for (const object of page.items) {
        seen.add(this.#store.put(object));
        await turns.over;
      }
      resourceVersion = page.resourceVersion;
    }
    this.#store.keep(seen);
    this.#hasSynced = true;
    this.#synced.resolve();
    return resourceVersion;
  }

  /** Yields the resourceVersion that the watch has come to, after the store has it. */
  async *#watch(resourceVersion: string, signal: AbortSignal): AsyncGenerator<string> {
    const {
      client,
      resource,
      namespace,
      labelSelector,
      timeoutSeconds = 290,
      idleMarginMs = 10_000,
    } = this.#o;
    const idleMs = timeoutSeconds * 1_000 + idleMarginMs;
    const options = { namespace, labelSelector, resourceVersion, timeoutSeconds, idleMs, signal };
    for await (const event of client.watch(resource, options)) {
      if (event.type === 'BOOKMARK') {
        yield event.resourceVersion;
        continue;
      }
      const { object } = event;
      if (event.type === 'DELETED') this.#store.drop(keyOf(refOf(object)), object.metadata.resourceVersion);
      else this.#store.put(object);
      yield object.metadata.resourceVersion ?? '';
    }
  }

  #tell(error: unknown): void {
    this.#o.onError?.(error);
  }

  #say(what: string): string {
    return `watch ${this.#o.resource.plural}: ${what}`;
  }
}

/** The place to go on from is lost: too old (compaction), unreadable, or from before a restored backup. */
function mustRelist(error: unknown): boolean {
  if (!(error instanceof KubeError)) return true;
  if (error.kind === 'Gone' || error.kind === 'BadRequest') return true;
  return error.causes.some(({ reason }) => reason === 'ResourceVersionTooLarge');
}

function retryAfterMs(error: unknown): number {
  const ms = error instanceof KubeError ? error.retryAfterMs : undefined;
  return Math.min(ms ?? 0, MAX_RETRY_AFTER_MS);
}
