import { describe, expect, test } from 'vitest';
import { LeaderElection, type LeaderElectionOptions, NotLeadingError } from '../../../src/kube/leader.ts';
import type { Lease } from '../../../src/kube/object.ts';
import { leases } from '../../../src/kube/resource.ts';
import type { Fault } from '../../proxy/faults.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { World } from './world.ts';

/** Shorter than in earnest, long enough for a busy machine. */
const SPANS = { leaseDurationMs: 6_000, renewDeadlineMs: 4_000, retryPeriodMs: 400 };
const within = { timeoutMs: 25_000 };

/** One process that wants to lead, and what happened to it when. */
class Candidate {
  readonly election: LeaderElection;
  readonly stop = new AbortController();
  readonly errors: unknown[] = [];
  readonly ended: Promise<'lost' | 'stopped'>;
  leading: AbortSignal | undefined;
  startedMs = 0;
  abortedMs = 0;
  stopped: string[] = [];

  constructor(w: World, identity: string, options: Partial<LeaderElectionOptions> = {}) {
    w.signal.addEventListener('abort', () => this.stop.abort());
    this.election = new LeaderElection({
      client: w.proxied,
      namespace: w.namespace,
      name: 'test',
      identity,
      ...SPANS,
      onStarted: (leading) => {
        this.startedMs = performance.now();
        this.leading = leading;
        leading.addEventListener('abort', () => {
          this.abortedMs = performance.now();
        });
      },
      onStopped: (why) => void this.stopped.push(why),
      onError: (error) => void this.errors.push(error),
      ...options,
    });
    this.ended = this.election.run(this.stop.signal);
  }

  async leads(): Promise<void> {
    const { election, errors } = this;
    await waitFor('the lease to be taken', () => election.isLeader || new NotYet(errors), within);
  }
}

/** Waits until that many more requests through the World's proxy ended well: time passes, and is seen to pass. */
async function requestsOf(w: World, method: 'GET' | 'PATCH', count: number): Promise<void> {
  const already = w.proxy.requests.length;
  await waitFor(
    `${count} more requests by ${method}`,
    () => {
      const good = w.proxy.requests.slice(already).filter((r) => r.method === method && r.status === 200);
      return good.length >= count || new NotYet(w.proxy.requests);
    },
    within,
  );
}

/** More requests, one per retry period at most, than fit into `ms`. */
function filling(ms: number): number {
  return Math.ceil(ms / SPANS.retryPeriodMs) + 1;
}

async function lease(w: World): Promise<Lease> {
  return (await w.direct.get(leases, w.ref('test'), { signal: w.signal }))!;
}

describe.concurrent('the leader election', () => {
  test('lets one lead, and the next only after the first has stopped', async () => {
    await using one = await World.create({ timeoutMs: 500 });
    await using two = await World.create({ namespace: one.namespace });
    const first = new Candidate(one, 'first');
    await first.leads();
    const second = new Candidate(two, 'second');
    await requestsOf(two, 'GET', filling(SPANS.leaseDurationMs));
    expect(second.election.isLeader).toBe(false);
    expect(first.election.isLeader).toBe(true);
    one.proxy.pause();
    const cutMs = performance.now();
    expect(await first.ended).toBe('lost');
    await second.leads();
    expect(first.stopped).toEqual(['lost']);
    expect(first.leading?.reason).toBeInstanceOf(NotLeadingError);
    expect(() => first.election.assertLeading()).toThrow(NotLeadingError);
    expect(first.abortedMs).toBeLessThan(second.startedMs);
    // The first counts from the start of its last renewal, the second from when it saw that renewal.
    expect(first.abortedMs - cutMs).toBeLessThanOrEqual(SPANS.renewDeadlineMs + 500);
    expect(second.startedMs - cutMs).toBeGreaterThanOrEqual(SPANS.leaseDurationMs - 700);
    expect(second.startedMs - first.abortedMs).toBeGreaterThanOrEqual(1_000);
  });

  test('keeps the lease through single failures', async () => {
    await using w = await World.create();
    const c = new Candidate(w, 'steady');
    await c.leads();
    const faults: Fault[] = [
      { type: 'status', status: 500 },
      { type: 'reset', when: 'after' },
      { type: 'hang', when: 'after' },
      { type: 'reset', when: 'before' },
    ];
    for (const fault of faults) {
      const failures = c.errors.length;
      w.proxy.inject({ count: 1, match: { method: 'PATCH' }, fault });
      await waitFor(
        `a failure by ${fault.type}`,
        () => w.proxy.requests.some((r) => r.fault === fault.type),
        within,
      );
      await requestsOf(w, 'PATCH', filling(SPANS.leaseDurationMs / 2));
      expect(c.errors.length).toBeLessThanOrEqual(failures + 1);
    }
    expect(c.election.isLeader).toBe(true);
    expect(c.stopped).toEqual([]);
    expect((await lease(w)).spec?.leaseTransitions).toBe(0);
  });

  test('takes the lease though the answer to its taking was lost', async () => {
    await using w = await World.create();
    w.proxy.inject({ match: { method: 'POST' }, count: 1, fault: { type: 'reset', when: 'after' } });
    const c = new Candidate(w, 'unlucky');
    await c.leads();
    expect((await lease(w)).spec?.holderIdentity).toBe('unlucky');
  });

  test('gives the lease up, so that another takes it without waiting it out', async () => {
    await using one = await World.create();
    await using two = await World.create({ namespace: one.namespace });
    const first = new Candidate(one, 'first', { leaseDurationMs: 60_000, renewDeadlineMs: 40_000 });
    await first.leads();
    const second = new Candidate(two, 'second', { leaseDurationMs: 60_000, renewDeadlineMs: 40_000 });
    await requestsOf(two, 'GET', 1);
    first.stop.abort();
    expect(await first.ended).toBe('stopped');
    expect(first.election.isLeader).toBe(true);
    await first.election.release();
    const releasedMs = performance.now();
    expect(first.election.isLeader).toBe(false);
    expect(first.stopped).toEqual(['released']);
    await second.leads();
    expect(second.startedMs - releasedMs).toBeLessThan(2_000);
    expect((await lease(two)).spec).toMatchObject({ holderIdentity: 'second', leaseTransitions: 1 });
  });

  test('gives the lease up also while a renewal is on its way', async () => {
    await using w = await World.create();
    const c = new Candidate(w, 'hasty');
    await c.leads();
    w.proxy.inject({ count: 1, match: { method: 'PATCH' }, fault: { type: 'reset', when: 'after' } });
    await waitFor('a renewal whose answer is lost', () => c.errors.length, within);
    await c.election.release();
    expect((await lease(w)).spec?.holderIdentity).toBe('');
    expect(await c.ended).toBe('stopped');
  });

  test("believes nobody else's clock: what counts is how long it has seen the lease stand still", async () => {
    for (const renewTime of ['2001-01-01T00:00:00.000000Z', '2101-01-01T00:00:00.000000Z']) {
      await using w = await World.create();
      const spec = { holderIdentity: 'gone', leaseDurationSeconds: 2, renewTime, acquireTime: renewTime };
      await w.direct.create(leases, { metadata: w.ref('test'), spec }, w.write);
      const startMs = performance.now();
      const c = new Candidate(w, 'next');
      await c.leads();
      expect(c.startedMs - startMs).toBeGreaterThanOrEqual(2_000);
      expect(c.startedMs - startMs).toBeLessThan(6_000);
    }
  });

  test('does not mind who else touches the lease, but stops at once when it is taken away', async () => {
    await using w = await World.create();
    const c = new Candidate(w, 'first');
    await c.leads();
    await w.direct.mergePatch(leases, w.ref('test'), { metadata: { annotations: { seen: 'yes' } } }, w.write);
    await requestsOf(w, 'PATCH', 2);
    expect(c.election.isLeader).toBe(true);
    await w.direct.mergePatch(leases, w.ref('test'), { spec: { holderIdentity: 'thief' } }, w.write);
    const takenMs = performance.now();
    expect(await c.ended).toBe('lost');
    expect(performance.now() - takenMs).toBeLessThan(2_000);
    expect((await lease(w)).spec?.holderIdentity).toBe('thief');
  });

  test('makes a deleted lease anew', async () => {
    await using w = await World.create();
    const c = new Candidate(w, 'first');
    await c.leads();
    await w.direct.delete(leases, w.ref('test'), { signal: w.signal });
    await waitFor(
      'a new lease',
      async () => await w.direct.get(leases, w.ref('test'), { signal: w.signal }),
      within,
    );
    await requestsOf(w, 'PATCH', filling(SPANS.leaseDurationMs));
    expect(c.election.isLeader).toBe(true);
  });

  test('lets exactly one of many win the same instant', async () => {
    await using w = await World.create();
    const many = Array.from({ length: 8 }, (_, i) => new Candidate(w, `c-${i}`));
    await waitFor('a leader', () => many.some(({ election }) => election.isLeader), within);
    await requestsOf(w, 'GET', 2 * many.length);
    expect(many.filter(({ startedMs }) => startedMs > 0)).toHaveLength(1);
  });

  test('ends without a lease when it is stopped before it had one', async () => {
    await using w = await World.create();
    w.proxy.inject({ fault: { type: 'hang', when: 'before' } });
    const c = new Candidate(w, 'never');
    await waitFor('a request', () => w.proxy.requests.length, within);
    c.stop.abort();
    expect(await c.ended).toBe('stopped');
    await c.election.release();
    expect(c.stopped).toEqual([]);
  });
});

// By itself: it stops the event loop of this whole file.
describe('the fence', () => {
  test('holds against a leader whose event loop stood still, before anything else runs', async () => {
    await using w = await World.create();
    const c = new Candidate(w, 'blocked');
    await c.leads();
    const fenced = w.proxied.withFence(() => c.election.assertLeading());
    // The fence is passed or not at the very moment of the write, with no timer having had a chance.
    const untilMs = performance.now() + SPANS.renewDeadlineMs + 100;
    while (performance.now() < untilMs);
    expect(c.election.isLeader).toBe(false);
    expect(() => c.election.assertLeading()).toThrow('this process does not hold lease test');
    await expect(fenced.create(leases, { metadata: w.ref('other') }, w.write)).rejects.toMatchObject({
      kind: 'Fenced',
    });
    expect(await c.ended).toBe('lost');
  });
});
