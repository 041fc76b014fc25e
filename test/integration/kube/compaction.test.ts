import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KubeError } from '../../../src/kube/errors.ts';
import { secrets } from '../../../src/kube/resource.ts';
import { type ControlPlane, startControlPlane } from '../../programs/control-plane.ts';
import { Reflected } from './reflected.ts';
import { World } from './world.ts';

// Of its own: compaction restarts the API server.
let plane: ControlPlane;
beforeAll(async () => {
  plane = await startControlPlane();
}, 120_000);
afterAll(async () => {
  await plane.stop();
});

async function world(): Promise<World> {
  return await World.create({ kubeconfigPath: plane.kubeconfigPath, namespace: 'default', timeoutMs: 2_000 });
}

describe('when etcd has forgotten the past', () => {
  test('a watch from there and the rest of a list are refused as Gone', async () => {
    await using w = await world();
    const { signal, namespace } = w;
    for (let i = 0; i < 4; i++) await w.put(`s-${i}`);
    const page = await w.direct.list(secrets, { namespace, limit: 2, signal });
    await w.put('s-0');
    await w.put('s-1');
    await plane.compact();
    const rest = w.direct.list(secrets, { namespace, limit: 2, continue: page.continue, signal });
    await expect(rest).rejects.toMatchObject({ name: 'KubeError', kind: 'Gone', statusCode: 410 });
    const watch = w.direct.watch(secrets, { namespace, resourceVersion: '1', timeoutSeconds: 5, signal });
    await expect(watch.next()).rejects.toMatchObject({ name: 'KubeError', kind: 'Gone', reason: 'Expired' });
    const all = await w.direct.listAll(secrets, { namespace, signal });
    expect(all.map(({ metadata }) => metadata.name)).toEqual(['s-0', 's-1', 's-2', 's-3']);
    for (const { metadata } of all) await w.remove(metadata.name!);
  });

  test('a reflector that was away lists anew and reports what was deleted and replaced meanwhile', async () => {
    await using w = await world();
    for (const name of ['kept', 'changed', 'removed', 'replaced']) await w.put(name);
    const r = new Reflected(w);
    await r.settle();
    w.proxy.inject({ fault: { type: 'reset', when: 'before' } });
    w.proxy.resetAll();
    await w.put('changed', 'anew');
    await w.remove('removed');
    await w.remove('replaced');
    await w.put('replaced', 'by another');
    await plane.compact();
    w.proxy.clear();
    await r.settle(40_000);
    expect(r.errors.some((error) => error instanceof KubeError && error.kind === 'Gone')).toBe(true);
    expect(r.changes.slice(4).sort()).toEqual(
      ['added replaced', 'deleted removed', 'deleted replaced', 'updated changed'].sort(),
    );
    expect(r.changes.slice(4).indexOf('deleted replaced')).toBeLessThan(
      r.changes.slice(4).indexOf('added replaced'),
    );
  }, 120_000);

  test('a reflector outlives restarts of the API server', async () => {
    await using w = await world();
    await w.put('a');
    const r = new Reflected(w);
    await r.settle();
    await plane.stopApiServer();
    await plane.startApiServer();
    await w.put('a');
    await w.put('b');
    await r.settle(40_000);
    expect(r.errors).not.toEqual([]);
  }, 120_000);
});
