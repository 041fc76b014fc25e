import { describe, expect, test } from 'vitest';
import { Reflector } from '../../../src/kube/reflector.ts';
import { secrets } from '../../../src/kube/resource.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { Reflected } from './reflected.ts';
import { World } from './world.ts';

describe('a reflector', () => {
  test('tells each change with the state before and after, and its own version', async () => {
    await using w = await World.create();
    const r = new Reflected(w);
    await r.reflector.synced;
    expect(r.reflector.hasSynced).toBe(true);
    const { resourceVersion } = (await w.put('a', 'one')).metadata;
    await r.settle();
    await w.put('a', 'two');
    await r.settle();
    expect(r.reflector.get(`${w.namespace}/a`)?.data).toEqual({ key: Buffer.from('two').toString('base64') });
    expect(r.reflector.get(`${w.namespace}/a`)?.metadata.resourceVersion).not.toBe(resourceVersion);
    await w.remove('a');
    await r.settle();
    expect(r.changes).toEqual(['added a', 'updated a', 'deleted a']);
    expect(r.reflector.size).toBe(0);
  });

  test('stores what its transform makes, and leaves out what that fails on', async () => {
    await using w = await World.create();
    const errors: unknown[] = [];
    const reflector = new Reflector({
      client: w.proxied,
      resource: secrets,
      namespace: w.namespace,
      transform: ({ metadata, data = {} }) => {
        if (metadata.name === 'bad') throw new Error('cannot be read');
        return Object.keys(data);
      },
      onError: (error) => void errors.push(error),
    });
    await w.put('bad');
    await w.put('good');
    void reflector.run(w.signal);
    await reflector.synced;
    expect(reflector.list()).toEqual([['key']]);
    expect(errors).toEqual([new Error('cannot be read')]);
  });

  test('selects by label, and sees an object that loses it as deleted', async () => {
    await using w = await World.create();
    const r = new Reflected(w, { labelSelector: 'team=x' });
    await r.reflector.synced;
    await w.put('other');
    await w.direct.create(secrets, { metadata: { ...w.ref('mine'), labels: { team: 'x' } } }, w.write);
    await waitFor('mine', () => r.changes.length, { timeoutMs: 5_000 });
    await w.direct.mergePatch(secrets, w.ref('mine'), { metadata: { labels: { team: null } } }, w.write);
    await waitFor('its deletion', () => r.reflector.size === 0 || new NotYet(r.changes), {
      timeoutMs: 5_000,
    });
    expect(r.changes).toEqual(['added mine', 'deleted mine']);
  });

  test('goes on when a callback throws', async () => {
    await using w = await World.create();
    const r = new Reflected(w, {
      onChange: () => {
        throw new Error('a bug of ours');
      },
    });
    await r.reflector.synced;
    await w.put('a');
    await w.put('b');
    await r.settle();
    expect(r.changes).toEqual(['added a', 'added b']);
    expect(r.errors).toEqual([new Error('a bug of ours'), new Error('a bug of ours')]);
    expect(w.proxy.requests.filter(({ watch }) => watch)).toHaveLength(1);
  });

  test('begins the next watch at once, and where the last bookmark was', async () => {
    await using w = await World.create();
    await using elsewhere = await World.create();
    const r = new Reflected(w, { timeoutSeconds: 4 });
    await r.reflector.synced;
    // Other objects move the server's version on, which only a bookmark tells a quiet watch.
    for (let i = 0; i < 10; i++) await elsewhere.put('busy');
    const watches = await waitFor(
      'a second watch',
      () => {
        const seen = w.proxy.requests.filter(({ watch }) => watch);
        return seen.length >= 2 ? seen : new NotYet(seen);
      },
      { timeoutMs: 15_000 },
    );
    const versions = watches.map(({ path }) => Number(/resourceVersion=(\d+)/.exec(path)?.[1]));
    expect(versions[1]).toBeGreaterThan(versions[0]!);
    expect(watches[0]!.path).toContain('allowWatchBookmarks=true');
    expect(w.proxy.requests.filter(({ watch }) => !watch)).toHaveLength(1);
    expect(r.errors).toEqual([]);
  });

  test('lists in pages, and begins the list anew when a page fails', async () => {
    await using w = await World.create();
    const names = Array.from({ length: 1_010 }, (_, i) => `s-${i}`);
    for (let i = 0; i < names.length; i += 50) await Promise.all(names.slice(i, i + 50).map((n) => w.put(n)));
    w.proxy.inject({ match: { path: 'continue=' }, count: 1, fault: { type: 'status', status: 500 } });
    w.proxy.inject({ match: { path: 'continue=' }, count: 1, fault: { type: 'status', status: 410 } });
    const r = new Reflected(w);
    await waitFor('a page that fails', () => r.errors.length || new NotYet(w.proxy.requests), {
      timeoutMs: 5_000,
    });
    expect(r.reflector.hasSynced).toBe(false);
    await r.settle();
    expect(r.reflector.size).toBe(1_010);
    expect(r.changes).toHaveLength(1_010);
    const lists = w.proxy.requests.filter(({ watch }) => !watch);
    expect(lists.map(({ status }) => status)).toEqual([200, 500, 200, 410, 200, 200, 200]);
  });

  test.each([
    ['connecting', { type: 'hang', when: 'before' }],
    ['waiting', { type: 'status', status: 500 }],
    ['watching', undefined],
  ] as const)('ends at once when it is stopped while %s', async (state, fault) => {
    await using w = await World.create();
    if (fault !== undefined) w.proxy.inject({ fault });
    const stop = new AbortController();
    let failures = 0;
    const reflector = new Reflector({
      client: w.proxied,
      resource: secrets,
      namespace: w.namespace,
      onError: () => void (failures += 1),
    });
    const ended = reflector.run(stop.signal);
    const reached = {
      connecting: () => w.proxy.requests.length,
      waiting: () => failures,
      watching: () => w.proxy.openWatches,
    };
    await waitFor(`it is ${state}`, () => reached[state]() > 0 || new NotYet(w.proxy.requests), {
      timeoutMs: 5_000,
    });
    const startMs = performance.now();
    stop.abort();
    await ended;
    expect(performance.now() - startMs).toBeLessThan(200);
  });
});
