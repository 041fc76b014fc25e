import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LeaseLock } from '../../../src/kube/lease-lock.ts';
import type { Lease } from '../../../src/kube/object.ts';
import { listen } from '../../support/plain-api-server.ts';

type Spec = NonNullable<Lease['spec']>;
type Stored = Lease & { readonly metadata: { readonly resourceVersion: string; readonly uid: string } };

const LONG_SECONDS = 3600;
/** How long the candidates of these tests let a Lease stand still that names no duration. */
const DURATION_MS = 14_500;

const { signal } = new AbortController();
let front: Awaited<ReturnType<typeof listen>>;
let stored: Stored | undefined;
let writes: number;
/** How long a request is on its way. */
let onWayMs: number;

beforeEach(async () => {
  stored = undefined;
  writes = 0;
  onWayMs = 0;
  front = await listen((request, response) => void answer(request, response));
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(async () => {
  vi.useRealTimers();
  await front[Symbol.asyncDispose]();
});

/** As the API server keeps one Lease. */
async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  const body = text === '' ? undefined : (JSON.parse(text) as Stored);
  vi.advanceTimersByTime(onWayMs);
  const refused = refusal(request.method, body);
  if (refused === undefined && body !== undefined) put({ ...stored?.spec, ...body.spec });
  response.writeHead(refused?.code ?? 200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(refused ? { kind: 'Status', ...refused } : stored));
}

function refusal(
  method: string | undefined,
  body: Stored | undefined,
): { code: number; reason: string } | undefined {
  if (method === 'POST') return stored ? { code: 409, reason: 'AlreadyExists' } : undefined;
  if (stored === undefined) return { code: 404, reason: 'NotFound' };
  const seen = body?.metadata.resourceVersion ?? stored.metadata.resourceVersion;
  return seen === stored.metadata.resourceVersion ? undefined : { code: 409, reason: 'Conflict' };
}

/** A write, whoever makes it. */
function put(spec: Spec): void {
  writes += 1;
  stored = { metadata: { name: 'test', namespace: 'ns', uid: 'u', resourceVersion: String(writes) }, spec };
}

function lockOf(identity: string): LeaseLock {
  return new LeaseLock({
    client: front.kube,
    namespace: 'ns',
    name: 'test',
    identity,
    durationMs: DURATION_MS,
  });
}

describe('a candidate', () => {
  test('makes the Lease where there is none', async () => {
    expect(await lockOf('me').take(signal)).toBeDefined();
    expect(stored?.spec).toMatchObject({
      holderIdentity: 'me',
      leaseDurationSeconds: 15,
      leaseTransitions: 0,
    });
  });

  test.each<[string, Spec]>([
    ['that was given up', { holderIdentity: '', leaseDurationSeconds: LONG_SECONDS, leaseTransitions: 6 }],
    ['that nobody held yet', { leaseTransitions: 6 }],
    ['that is its own', { holderIdentity: 'me', leaseDurationSeconds: LONG_SECONDS, leaseTransitions: 6 }],
  ])('takes one %s', async (_, spec) => {
    put(spec);
    expect(await lockOf('me').take(signal)).toBeDefined();
    expect(stored?.spec).toMatchObject({ holderIdentity: 'me', leaseTransitions: 7 });
  });

  test.each<[string, Spec]>([
    ['its own duration', { holderIdentity: 'other', leaseDurationSeconds: LONG_SECONDS }],
    ["the candidate's", { holderIdentity: 'other' }],
  ])('leaves one alone that somebody holds and it has not seen standing still for %s', async (_, spec) => {
    const renewTime = '2001-01-01T00:00:00.000000Z'; // Nobody's clock is believed.
    put({ ...spec, renewTime });
    const lock = lockOf('me');
    expect([await lock.take(signal), await lock.take(signal)]).toEqual([undefined, undefined]);
    expect(writes).toBe(1);
  });

  test.each<[string, Spec, number]>([
    ['its own duration', { holderIdentity: 'gone', leaseDurationSeconds: 20, leaseTransitions: 6 }, 20_000],
    ["the candidate's", { holderIdentity: 'gone', leaseTransitions: 6 }, DURATION_MS],
  ])('takes one that it has seen standing still for %s, and no sooner', async (_, spec, ms) => {
    put(spec);
    const lock = lockOf('me');
    expect(await lock.take(signal)).toBeUndefined();
    vi.advanceTimersByTime(ms - 1);
    expect(await lock.take(signal)).toBeUndefined();
    vi.advanceTimersByTime(1);
    expect(await lock.take(signal)).toBeDefined();
    expect(stored?.spec).toMatchObject({ holderIdentity: 'me', leaseTransitions: 7 });
  });

  test('counts anew from when it sees one renewed', async () => {
    put({ holderIdentity: 'other', renewTime: 'first' });
    const lock = lockOf('me');
    expect(await lock.take(signal)).toBeUndefined();
    vi.advanceTimersByTime(DURATION_MS - 1);
    put({ holderIdentity: 'other', renewTime: 'second' });
    expect(await lock.take(signal)).toBeUndefined();
    vi.advanceTimersByTime(DURATION_MS - 1);
    expect(await lock.take(signal)).toBeUndefined();
    vi.advanceTimersByTime(1);
    expect(await lock.take(signal)).toBeDefined();
  });

  test('gets nothing when another was faster', async () => {
    put({ holderIdentity: '' });
    const locks = Array.from({ length: 8 }, (_, at) => lockOf(`c-${at}`));
    const taken = await Promise.allSettled(locks.map((lock) => lock.take(signal)));
    const winners = taken.filter((each) => each.status === 'fulfilled' && each.value !== undefined);
    expect(winners).toHaveLength(1);
    expect(writes).toBe(2);
  });
});

describe('who holds it counts from before the request, however long that is on its way', () => {
  test('where it is made', async () => {
    const beforeMs = performance.now();
    onWayMs = 3000;
    expect(await lockOf('me').take(signal)).toBe(beforeMs + 3000); // After the look, before the write.
    expect(performance.now()).toBe(beforeMs + 6000);
  });

  test('where it is taken, and renewed', async () => {
    put({ holderIdentity: '' });
    const beforeMs = performance.now();
    const lock = lockOf('me');
    onWayMs = 3000;
    expect(await lock.take(signal)).toBe(beforeMs + 3000);
    expect(await lock.renew(signal)).toBe(beforeMs + 6000);
    expect(performance.now()).toBe(beforeMs + 9000);
  });
});

describe('the holder', () => {
  let lock: LeaseLock;
  beforeEach(async () => {
    lock = lockOf('me');
    await lock.take(signal);
  });

  test('renews without a look', async () => {
    expect(await lock.renew(signal)).toBeDefined();
    expect(await lock.renew(signal)).toBeDefined();
    expect(writes).toBe(3);
    expect(stored?.spec).toMatchObject({ holderIdentity: 'me', leaseTransitions: 0 });
  });

  test('renews what somebody else has only touched, and makes anew what somebody deleted', async () => {
    put({ ...stored?.spec });
    expect(await lock.renew(signal)).toBeDefined();
    stored = undefined;
    expect(await lock.renew(signal)).toBeDefined();
    expect(stored).toMatchObject({ spec: { holderIdentity: 'me' } });
  });

  test('learns that it was taken away, and takes nothing back', async () => {
    put({ holderIdentity: 'thief' });
    expect(await lock.renew(signal)).toBeUndefined();
    expect(stored?.spec).toEqual({ holderIdentity: 'thief' });
  });

  test.each<[string, () => void, string]>([
    ['gives it up', () => undefined, ''],
    ['gives it up though a renewal arrived late', () => put({ ...stored?.spec, renewTime: 'late' }), ''],
    ['gives up nothing of another', () => put({ holderIdentity: 'thief' }), 'thief'],
  ])('%s', async (_, meanwhile, holderIdentity) => {
    meanwhile();
    await lock.giveUp(signal);
    expect(stored?.spec).toMatchObject({ holderIdentity });
  });
});
