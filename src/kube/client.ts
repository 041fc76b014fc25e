import type { KubeConfig } from '@kubernetes/client-node';
import { describe, errorFromFailure, KubeError, type Operation } from './errors.ts';
import { type KubeObject, keyOf, type ObjectRef, refOf } from './object.ts';
import { collectionPath, objectPath, type Resource } from './resource.ts';
import { type Request, Transport, type TransportOptions } from './transport.ts';
import { type WatchEvent, watchEvents } from './watch.ts';

/** Called synchronously just before a write is sent; throws when it must not be. */
export type Fence = () => void;

export interface ListOptions {
  /** Absent: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly signal: AbortSignal;
}

export interface PageOptions extends ListOptions {
  readonly limit?: number | undefined;
  /** From the page before. */
  readonly continue?: string | undefined;
}

export interface Page<T> {
  readonly items: T[];
  readonly resourceVersion: string;
  /** Absent on the last page. */
  readonly continue?: string;
}

export interface WriteOptions {
  readonly signal: AbortSignal;
  readonly fieldManager: string;
  /** Asks the server to check everything and store nothing. */
  readonly dryRun?: boolean;
}

export interface WatchOptions extends Omit<ListOptions, 'fieldSelector'> {
  readonly resourceVersion: string;
  /** After which the server closes the watch. */
  readonly timeoutSeconds: number;
  /** Longest silence, after which the watch counts as dead. Default: timeoutSeconds and 10 s more. */
  readonly idleMs?: number;
}

const PAGE = 500;
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
    options: TransportOptions & { fence?: Fence } = {},
  ): Promise<KubeClient> {
    return new KubeClient(await Transport.connect(kubeConfig, options), options.fence);
  }

  private constructor(transport: Transport, fence: Fence | undefined) {
    this.#transport = transport;
    this.#fence = fence;
  }

  /** The same connections; writes pass this fence instead of the one before. */
  withFence(fence: Fence): KubeClient {
    return new KubeClient(this.#transport, fence);
  }

  /** Monotonic time (performance.now) of the last successful read; minus infinity before the first. */
  get lastReadMs(): number {
    return this.#transport.lastReadMs;
  }

  /** Undefined where there is no such object. */
  async get<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<T | undefined> {
    const operation = operationOf('get', resource, ref);
    try {
      return (await this.#transport.json({
        operation,
        method: 'GET',
        path: objectPath(resource, ref),
        signal,
      })) as T;
    } catch (error) {
      if (error instanceof KubeError && error.kind === 'NotFound') return undefined;
      throw error;
    }
  }

  /** One page (all objects where no limit is given). */
  async list<T extends KubeObject>(resource: Resource<T>, o: PageOptions): Promise<Page<T>> {
    const answer = (await this.#transport.json({
      operation: listOperation('list', resource, o.namespace),
      method: 'GET',
      path: collectionPath(resource, o.namespace),
      query: {
        ...selectors(o),
        limit: o.limit?.toString(),
        continue: o.continue,
        resourceVersion: o.resourceVersion,
      },
      signal: o.signal,
    })) as { items?: T[] | null; metadata?: { resourceVersion?: string; continue?: string } };
    const { resourceVersion = '', continue: next } = answer.metadata ?? {};
    return { items: answer.items ?? [], resourceVersion, ...(next ? { continue: next } : {}) };
  }

  /** Every object, read in pages of one consistent snapshot. */
  async listAll<T extends KubeObject>(resource: Resource<T>, o: ListOptions): Promise<T[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        const items: T[] = [];
        for await (const page of this.pages(resource, o)) items.push(...page.items);
        return items;
      } catch (error) {
        const forgotten = error instanceof KubeError && error.kind === 'Gone';
        if (!forgotten || attempt === LIST_ATTEMPTS) throw error;
      }
    }
  }

  /** The pages of one snapshot, 500 objects each. Throws `Gone` when the server has forgotten the snapshot. */
  async *pages<T extends KubeObject>(resource: Resource<T>, o: ListOptions): AsyncGenerator<Page<T>> {
    let page = await this.list(resource, { ...o, limit: PAGE });
    yield page;
    while (page.continue !== undefined) {
      // The token names the snapshot: a resourceVersion beside it is refused.
      page = await this.list(resource, {
        ...o,
        resourceVersion: undefined,
        limit: PAGE,
        continue: page.continue,
      });
      yield page;
    }
  }

  async create<T extends KubeObject>(resource: Resource<T>, body: T, o: WriteOptions): Promise<T> {
    return await this.#write<T>({
      operation: { verb: 'create', resource: resource.plural, name: bodyName(body) },
      method: 'POST',
      path: collectionPath(resource, body.metadata.namespace),
      query: { fieldManager: o.fieldManager, dryRun: o.dryRun ? 'All' : undefined },
      body: typed(resource, body),
      signal: o.signal,
    });
  }

  /** Server-side apply. With `metadata.resourceVersion` it is refused (Conflict) unless that is still current. */
  async apply<T extends KubeObject>(
    resource: Resource<T>,
    body: T,
    o: WriteOptions & { readonly force?: boolean; readonly subresource?: 'status' },
  ): Promise<T> {
    const ref = refOf(body);
    return await this.#write<T>({
      operation: operationOf('apply', resource, ref, o.subresource),
      method: 'PATCH',
      path: objectPath(resource, ref, o.subresource),
      query: {
        fieldManager: o.fieldManager,
        force: o.force ? 'true' : undefined,
        dryRun: o.dryRun ? 'All' : undefined,
      },
      contentType: 'application/apply-patch+yaml',
      body: typed(resource, body),
      signal: o.signal,
    });
  }

  /** JSON merge patch. With `metadata.resourceVersion` in it, refused (Conflict) unless that is still current. */
  async mergePatch<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    patch: object,
    o: WriteOptions & { readonly subresource?: 'status' },
  ): Promise<T> {
    return await this.#write<T>({
      operation: operationOf('patch', resource, ref, o.subresource),
      method: 'PATCH',
      path: objectPath(resource, ref, o.subresource),
      query: { fieldManager: o.fieldManager, dryRun: o.dryRun ? 'All' : undefined },
      contentType: 'application/merge-patch+json',
      body: patch,
      signal: o.signal,
    });
  }

  /** `deleted` also when finalizers still hold the object. Conflict when a precondition fails. */
  async delete<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    o: { readonly signal: AbortSignal; readonly uid?: string; readonly resourceVersion?: string },
  ): Promise<'deleted' | 'absent'> {
    const { uid, resourceVersion } = o;
    try {
      await this.#write({
        operation: operationOf('delete', resource, ref),
        method: 'DELETE',
        path: objectPath(resource, ref),
        body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid, resourceVersion } },
        signal: o.signal,
      });
      return 'deleted';
    } catch (error) {
      if (error instanceof KubeError && error.kind === 'NotFound') return 'absent';
      throw error;
    }
  }

  /** Events after `resourceVersion`, with bookmarks. Ends when the server closes the watch in good order. */
  async *watch<T extends KubeObject>(resource: Resource<T>, o: WatchOptions): AsyncGenerator<WatchEvent<T>> {
    const operation = listOperation('watch', resource, o.namespace);
    const body = await this.#transport.stream({
      operation,
      method: 'GET',
      path: collectionPath(resource, o.namespace),
      query: {
        ...selectors(o),
        watch: 'true',
        allowWatchBookmarks: 'true',
        resourceVersion: o.resourceVersion,
        timeoutSeconds: o.timeoutSeconds.toString(),
      },
      idleMs: o.idleMs ?? (o.timeoutSeconds + 10) * 1_000,
      signal: o.signal,
    });
    try {
      for await (const event of watchEvents<T>(body, operation)) {
        this.#transport.lastReadMs = performance.now();
        yield event;
      }
    } catch (failure) {
      throw errorFromFailure(operation, failure, o.signal);
    }
  }

  /** Ends every connection, whoever else shares them. */
  async close(): Promise<void> {
    await this.#transport.close();
  }

  async #write<T>(request: Request): Promise<T> {
    const fence = this.#fence;
    if (fence === undefined) return (await this.#transport.json(request)) as T;
    return (await this.#transport.json({ ...request, fence: () => pass(fence, request.operation) })) as T;
  }
}

function pass(fence: Fence, operation: Operation): void {
  try {
    fence();
  } catch (cause) {
    throw new KubeError('Fenced', `${describe(operation)}: not sent, ${messageOf(cause)}`, { cause });
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : 'this process may not write now';
}

function typed<T extends KubeObject>(resource: Resource<T>, body: T): T {
  return { ...body, apiVersion: resource.apiVersion, kind: resource.kind };
}

function selectors(o: {
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
}): Record<string, string | undefined> {
  return { labelSelector: o.labelSelector, fieldSelector: o.fieldSelector };
}

function operationOf(
  verb: string,
  resource: Resource<KubeObject>,
  ref: ObjectRef,
  subresource?: string,
): Operation {
  const plural = subresource === undefined ? resource.plural : `${resource.plural}/${subresource}`;
  return { verb, resource: plural, name: keyOf(ref) };
}

function listOperation(
  verb: string,
  resource: Resource<KubeObject>,
  namespace: string | undefined,
): Operation {
  return { verb, resource: resource.plural, ...(namespace === undefined ? {} : { name: `in ${namespace}` }) };
}

function bodyName({ metadata }: KubeObject): string {
  const name = metadata.name ?? `${metadata.generateName ?? ''}*`;
  return keyOf(metadata.namespace === undefined ? { name } : { name, namespace: metadata.namespace });
}
