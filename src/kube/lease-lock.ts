import type { KubeClient } from './client.ts';
import { KubeError } from './errors.ts';
import { microTime } from './events.ts';
import type { Lease } from './object.ts';
import { leases } from './resource.ts';

export interface LeaseLockOptions {
  readonly client: Pick<KubeClient, 'get' | 'create' | 'mergePatch'>;
  readonly namespace: string;
  readonly name: string;
  /** Who holds it once it is taken. */
  readonly identity: string;
  /** How long others are to see no renewal before one of them takes it. */
  readonly durationMs: number;
}

const FIELD_MANAGER = 'originca-leader';

/**
 * A Lease as one who wants to hold it sees and writes it. Nobody's clock is believed: what counts is how long it was
 * seen to stand still. Every write carries the resourceVersion seen, so that only one of two can take it.
 */
export class LeaseLock {
  readonly #o: LeaseLockOptions;
  /** The Lease as last seen, and since when (monotonic) nobody has changed it. */
  #seen: { readonly lease: Lease; readonly spec: string; readonly sinceMs: number } | undefined;

  constructor(options: LeaseLockOptions) {
    this.#o = options;
  }

  /**
   * As a candidate: takes the Lease if it is free, given up, or unchanged for its whole duration; undefined when somebody
   * else holds it. Resolves to the monotonic time before the request: who counts from then on gives up before others begin.
   */
  async take(signal: AbortSignal): Promise<number | undefined> {
    const lease = await this.#look(signal);
    if (lease === undefined) return await this.#create(signal);
    if (this.#isHeldByOther(lease)) return undefined;
    const { leaseTransitions = 0 } = lease.spec ?? {};
    const spec = { ...this.#claim(), acquireTime: microTime(), leaseTransitions: leaseTransitions + 1 };
    return await this.#patch(lease, spec, signal);
  }

  /**
   * As its holder; resolves as `take` does. Somebody else's write is looked at: it may have taken the Lease (undefined),
   * or only touched it.
   */
  async renew(signal: AbortSignal): Promise<number | undefined> {
    try {
      return await this.#hold(this.#seen?.lease, signal);
    } catch (error) {
      const changed =
        error instanceof KubeError && ['Conflict', 'NotFound', 'AlreadyExists'].includes(error.kind);
      if (!changed) throw error;
      const now = await this.#look(signal);
      if (now !== undefined && now.spec?.holderIdentity !== this.#o.identity) return undefined;
      return await this.#hold(now, signal);
    }
  }

  /** A renewal that was still on its way may have changed the Lease: then it is looked at once more. */
  async giveUp(signal: AbortSignal): Promise<void> {
    const free = { holderIdentity: '', leaseDurationSeconds: 1 };
    try {
      if (this.#seen !== undefined) await this.#patch(this.#seen.lease, free, signal);
    } catch (error) {
      if (!(error instanceof KubeError) || error.kind !== 'Conflict') throw error;
      const lease = await this.#look(signal);
      if (lease?.spec?.holderIdentity === this.#o.identity) await this.#patch(lease, free, signal);
    }
  }

  #isHeldByOther({ spec: { holderIdentity, leaseDurationSeconds } = {} }: Lease): boolean {
    const durationMs = leaseDurationSeconds === undefined ? this.#o.durationMs : leaseDurationSeconds * 1_000;
    const nowMs = performance.now();
    const expired = nowMs - (this.#seen?.sinceMs ?? nowMs) >= durationMs;
    return Boolean(holderIdentity) && holderIdentity !== this.#o.identity && !expired;
  }

  async #look(signal: AbortSignal): Promise<Lease | undefined> {
    const { client, namespace, name } = this.#o;
    const lease = await client.get(leases, { namespace, name }, { signal });
    this.#observe(lease);
    return lease;
  }

  #observe(lease: Lease | undefined): void {
    const spec = JSON.stringify(lease?.spec);
    if (lease === undefined) this.#seen = undefined;
    else
      this.#seen = {
        lease,
        spec,
        sinceMs: this.#seen?.spec === spec ? this.#seen.sinceMs : performance.now(),
      };
  }

  async #hold(lease: Lease | undefined, signal: AbortSignal): Promise<number> {
    return lease === undefined ? await this.#create(signal) : await this.#patch(lease, this.#claim(), signal);
  }

  async #create(signal: AbortSignal): Promise<number> {
    const { client, namespace, name } = this.#o;
    const startMs = performance.now();
    const spec = { ...this.#claim(), acquireTime: microTime(), leaseTransitions: 0 };
    const options = { signal, fieldManager: FIELD_MANAGER };
    this.#observe(await client.create(leases, { metadata: { namespace, name }, spec }, options));
    return startMs;
  }

  async #patch(lease: Lease, spec: NonNullable<Lease['spec']>, signal: AbortSignal): Promise<number> {
    const { client, namespace, name } = this.#o;
    const startMs = performance.now();
    const { resourceVersion, uid } = lease.metadata;
    const patch = { metadata: { resourceVersion, uid }, spec };
    const options = { signal, fieldManager: FIELD_MANAGER };
    this.#observe(await client.mergePatch(leases, { namespace, name }, patch, options));
    return startMs;
  }

  #claim(): { holderIdentity: string; leaseDurationSeconds: number; renewTime: string } {
    return {
      holderIdentity: this.#o.identity,
      leaseDurationSeconds: Math.ceil(this.#o.durationMs / 1_000),
      renewTime: microTime(),
    };
  }
}
