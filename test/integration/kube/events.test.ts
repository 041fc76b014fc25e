import { describe, expect, test } from 'vitest';
import { EventRecorder, type Regarding } from '../../../src/kube/events.ts';
import type { KubeEvent } from '../../../src/kube/object.ts';
import { events, namespaces } from '../../../src/kube/resource.ts';
import { World } from './world.ts';

const text = { type: 'Warning', reason: 'Failed', note: 'It did not work.', action: 'Issue' } as const;

function regarding(w: World, name = 'web'): Regarding {
  const uid = `uid-of-${w.namespace}-${name}`;
  return {
    apiVersion: 'originca.dev/v1alpha1',
    kind: 'OriginCertificate',
    namespace: w.namespace,
    name,
    uid,
  };
}

function recorder(w: World): EventRecorder {
  return new EventRecorder({
    client: w.proxied,
    reportingController: 'originca.dev/operator',
    reportingInstance: 'pod-1',
  });
}

async function stored(w: World, namespace = w.namespace): Promise<KubeEvent[]> {
  return await w.direct.listAll(events, { namespace, signal: w.signal });
}

describe('events', () => {
  test('are stored with all that kubectl shows', async () => {
    await using w = await World.create();
    const r = recorder(w);
    r.record(regarding(w), text);
    await r.idle();
    expect(await stored(w)).toMatchObject([
      {
        ...text,
        regarding: regarding(w),
        reportingController: 'originca.dev/operator',
        reportingInstance: 'pod-1',
        metadata: { name: expect.stringMatching(/^web\.[0-9a-f]{16}$/) as string },
      },
    ]);
    expect(r.dropped).toBe(0);
  });

  test('that say the same again raise a count, others do not', async () => {
    await using w = await World.create();
    const r = recorder(w);
    for (let i = 0; i < 5; i++) {
      r.record(regarding(w), text);
      await r.idle();
    }
    r.record(regarding(w), { ...text, reason: 'Other' });
    r.record(regarding(w), { ...text, note: 'Other.' });
    r.record(regarding(w, 'api'), text);
    await r.idle();
    const counts = (await stored(w)).map(
      (e) => `${e.regarding.name} ${e.reason} ${e.note} ${e.series?.count ?? 1}`,
    );
    expect(counts.sort()).toEqual([
      'api Failed It did not work. 1',
      'web Failed It did not work. 5',
      'web Failed Other. 1',
      'web Other It did not work. 1',
    ]);
  });

  test('that come faster than they can be stored cost few requests and lose no count', async () => {
    await using w = await World.create();
    const r = recorder(w);
    for (let i = 0; i < 500; i++) r.record(regarding(w), text);
    await r.idle();
    expect(w.proxy.requests.length).toBeLessThanOrEqual(2);
    expect((await stored(w)).map(({ series }) => series?.count)).toEqual([500]);
  });

  test('of cluster-scoped objects go to namespace default', async () => {
    await using w = await World.create();
    const r = recorder(w);
    const { namespace: _, ...issuer } = { ...regarding(w), kind: 'ClusterOriginIssuer' };
    r.record(issuer, text);
    await r.idle();
    const found = (await stored(w, 'default')).filter((event) => event.regarding.uid === issuer.uid);
    expect(found).toHaveLength(1);
    expect(r.dropped).toBe(0);
  });

  test('keep to the limits of the API: a note of 1,024 bytes, a name of 253 characters', async () => {
    await using w = await World.create();
    const r = recorder(w);
    r.record(regarding(w, 'x'.repeat(253)), { ...text, note: 'ä'.repeat(2_000) });
    await r.idle();
    const [event] = await stored(w);
    expect(r.dropped).toBe(0);
    expect(Buffer.byteLength(event!.note)).toBeGreaterThan(1_000);
    expect(event!.note.endsWith('ä…')).toBe(true);
  });

  test('are made anew when the server has let them expire', async () => {
    await using w = await World.create();
    const r = recorder(w);
    r.record(regarding(w), text);
    await r.idle();
    const [first] = await stored(w);
    await w.direct.delete(events, w.ref(first!.metadata.name!), { signal: w.signal });
    r.record(regarding(w), text);
    await r.idle();
    expect((await stored(w)).map(({ series }) => series?.count)).toEqual([2]);
    expect(r.dropped).toBe(0);
  });

  test('that cannot be stored are dropped and counted, and nothing waits for them', async () => {
    await using w = await World.create();
    const dropped: unknown[] = [];
    const r = new EventRecorder({
      client: w.proxied,
      reportingController: 'originca.dev/operator',
      reportingInstance: 'pod-1',
      onDrop: (error) => void dropped.push(error),
    });
    w.proxy.inject({ count: 1, fault: { type: 'status', status: 500 } });
    r.record(regarding(w), text);
    await r.idle();
    expect(dropped).toMatchObject([{ kind: 'Server' }]);
    r.record(regarding(w), text);
    await r.idle();
    // The next one brings the count of both.
    expect((await stored(w)).map(({ series }) => series?.count)).toEqual([2]);
    expect(r.dropped).toBe(1);
  });

  test('in a namespace that is being deleted are dropped', async () => {
    await using w = await World.create();
    const ref = { name: w.namespace };
    await w.direct.create(events, held(w), w.write);
    await w.direct.delete(namespaces, ref, { signal: w.signal });
    const r = recorder(w);
    r.record(regarding(w), text);
    await r.idle();
    expect(r.dropped).toBe(1);
    const free = { metadata: { finalizers: null } };
    await w.direct.mergePatch(events, w.ref('held'), free, w.write);
  });

  test('of a burst beyond eight at once are dropped', async () => {
    await using w = await World.create();
    const r = recorder(w);
    for (let i = 0; i < 20; i++) r.record(regarding(w, `n-${i}`), text);
    expect(r.dropped).toBe(12);
    await r.idle();
    expect(await stored(w)).toHaveLength(8);
  });

  test('do not hold up the end for longer than they may', async () => {
    await using w = await World.create();
    w.proxy.inject({ fault: { type: 'hang', when: 'before' } });
    const r = recorder(w);
    r.record(regarding(w), text);
    const startMs = performance.now();
    await r.close(200);
    expect(performance.now() - startMs).toBeLessThan(1_000);
    r.record(regarding(w), text);
    expect(r.dropped).toBe(1);
  });
});

/** Keeps its namespace terminating for as long as it has a finalizer. */
function held(w: World): KubeEvent {
  return {
    metadata: { ...w.ref('held'), finalizers: ['originca.dev/test'] },
    eventTime: new Date().toISOString().replace('Z', '000Z'),
    ...text,
    regarding: regarding(w),
    reportingController: 'originca.dev/operator',
    reportingInstance: 'pod-1',
  };
}
