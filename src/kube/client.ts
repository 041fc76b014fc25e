import type { KubeConfig } from '@kubernetes/client-node';
import type { Access, Fence } from '../fence.ts';
import { describe, errorFromFailure, KubeError, type Operation } from './errors.ts';
import { type Page, readObject, readPage } from './answers.ts';
import type { KubeObject, ObjectRef } from './object.ts';
import {
  type ApplyOptions,
  applyRequest,
  createRequest,
  type DeleteOptions,
  deleteRequest,
  getRequest,
  type ListOptions,
  listRequest,
  mergePatchRequest,
  type PageOptions,
  type PatchOptions,
  type WatchOptions,
  watchRequest,
  type WriteOptions,
} from './requests.ts';
import type { Resource } from './resource.ts';
import { type Request, Transport, type TransportOptions } from './transport.ts';
import { type WatchEvent, watchEvents } from './watch.ts';

const PAGE = 500;
/** Of a page in memory, as text and as objects; an object alone has 3 MiB at most, by the server's own limit. */
const PAGE_BYTES = 16 * 2 ** 20;
/** How much smaller the next pages are after one that was too large. */
const SMALLER = 4;
/** How often `listAll` begins anew when the server has forgotten the listing half-way. */
const LIST_ATTEMPTS = 3;

/**
 * Reads and writes objects as raw JSON: nothing is added, dropped or converted. Every failure is a KubeError.
 * No request is ever repeated here; the caller's queue does that.
 */
export class KubeClient {
  readonly #transport: Transport;
  readonly #fence: Fence | undefined;

  /** Throws where the kubeconfig's credentials cannot be read; sends nothing yet. */
  static async connect(
    kubeConfig: KubeConfig,
    options: TransportOptions & { readonly fence?: Fence } = {},
  ): Promise<KubeClient> {
    return new KubeClient(await Transport.connect(kubeConfig, options), options.fence);
  }

  private constructor(transport: Transport, fence: Fence | undefined) {
    this.#transport = transport;
    this.#fence = fence;
  }

  /** The same connections; every request passes this fence instead of the one before. */
  withFence(fence: Fence): KubeClient {
    return new KubeClient(this.#transport, fence);
  }

  /** Monotonic time (performance.now) at which the newest answered read began; minus infinity before the first. */
  get lastReadMs(): number {
    return this.#transport.lastReadMs;
  }

  /** Undefined where there is no such object. */
  async get<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<T | undefined> {
    try {
      const request = getRequest(resource, ref, signal);
      return readObject<T>(await this.#send('read', request), request.operation);
    } catch (error) {
      if (error instanceof KubeError && error.kind === 'NotFound') return undefined;
      throw error;
    }
  }

  /** One page (all objects where no limit is given). */
  async list<T extends KubeObject>(resource: Resource<T>, o: PageOptions): Promise<Page<T>> {
    const request = listRequest(resource, o);
    const isCut = o.limit !== undefined && o.limit > 1;
    const answer = await this.#send('read', isCut ? { ...request, maxBytes: PAGE_BYTES } : request);
    return readPage<T>(answer, request.operation);
  }

  /** Every object, read in pages of one consistent snapshot. */
  async listAll<T extends KubeObject>(resource: Resource<T>, o: ListOptions): Promise<T[]> {
    return await this.collect(resource, o, (object) => [object]);
  }

  /** What `take` makes of every object: of large ones only that is kept. */
  async collect<T extends KubeObject, S>(
    resource: Resource<T>,
    o: ListOptions,
    take: (object: T) => readonly S[],
  ): Promise<S[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        const taken: S[] = [];
        for await (const page of this.pages(resource, o))
          for (const item of page.items) taken.push(...take(item));
        return taken;
      } catch (error) {
        const forgotten = error instanceof KubeError && error.kind === 'Gone';
        if (!forgotten || attempt === LIST_ATTEMPTS) throw error;
      }
    }
  }

  /**
   * The pages of one snapshot, 500 objects each, or fewer where they are large: whoever may write Secrets could else
   * fill the memory of this process. Throws `Gone` when the server has forgotten the snapshot.
   */
  async *pages<T extends KubeObject>(resource: Resource<T>, o: ListOptions): AsyncGenerator<Page<T>> {
    let limit = PAGE;
    let from: PageOptions = o;
    for (;;) {
      const page = await this.#page(resource, { ...from, limit });
      if (page === undefined) {
        limit = Math.max(1, Math.floor(limit / SMALLER));
        continue;
      }
      yield page;
      if (page.continue === undefined) return;
      // The token names the snapshot: a resourceVersion beside it is refused.
      from = { ...o, resourceVersion: undefined, continue: page.continue };
    }
  }

  /** Undefined where it is too large. */
  async #page<T extends KubeObject>(resource: Resource<T>, o: PageOptions): Promise<Page<T> | undefined> {
    try {
      return await this.list(resource, o);
    } catch (error) {
      if (error instanceof KubeError && error.kind === 'TooLarge') return undefined;
      throw error;
    }
  }

  async create<T extends KubeObject>(resource: Resource<T>, body: T, o: WriteOptions): Promise<T> {
    const request = createRequest(resource, body, o);
    return readObject<T>(await this.#send('write', request), request.operation);
  }

  /** Server-side apply. With `metadata.resourceVersion` it is refused (Conflict) unless that is still current. */
  async apply<T extends KubeObject>(resource: Resource<T>, body: T, o: ApplyOptions): Promise<T> {
    const request = applyRequest(resource, body, o);
    return readObject<T>(await this.#send('write', request), request.operation);
  }

  /** JSON merge patch. With `metadata.resourceVersion` in it, refused (Conflict) unless that is still current. */
  async mergePatch<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    patch: object,
    o: PatchOptions,
  ): Promise<T> {
    const request = mergePatchRequest(resource, ref, patch, o);
    return readObject<T>(await this.#send('write', request), request.operation);
  }

  /** `deleted` also when finalizers still hold the object. */
  async delete<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    o: DeleteOptions,
  ): Promise<'deleted' | 'absent'> {
    try {
      await this.#send('write', deleteRequest(resource, ref, o));
      return 'deleted';
    } catch (error) {
      if (error instanceof KubeError && error.kind === 'NotFound') return 'absent';
      throw error;
    }
  }

  /** Events after `resourceVersion`, with bookmarks. Ends when the server closes the watch in good order. */
  async *watch<T extends KubeObject>(resource: Resource<T>, o: WatchOptions): AsyncGenerator<WatchEvent<T>> {
    const request = watchRequest(resource, o);
    const body = await this.#transport.stream(this.#fenced('read', request));
    try {
      yield* watchEvents<T>(body, request.operation);
    } catch (failure) {
      throw errorFromFailure(request.operation, failure, o.signal);
    }
  }

  /** Begins anew with fresh connections, whoever else shares them; what is out on the old ones fails. */
  async reconnect(): Promise<void> {
    await this.#transport.reconnect();
  }

  /** Ends every connection, whoever else shares them. */
  async close(): Promise<void> {
    await this.#transport.close();
  }

  async #send(access: Access, request: Request): Promise<unknown> {
    return await this.#transport.json(this.#fenced(access, request));
  }

  #fenced(access: Access, request: Request): Request {
    const fence = this.#fence;
    if (fence === undefined) return request;
    return { ...request, fence: () => pass(fence, access, request.operation) };
  }
}

function pass(fence: Fence, access: Access, operation: Operation): void {
  try {
    fence(access);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'this process may not act now';
    throw new KubeError('Fenced', `${describe(operation)}: not sent, ${why}`, { cause });
  }
}
