import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AdminClient } from '../../programs/admin-client.ts';
import { type ControlPlane, startControlPlane } from '../../programs/control-plane.ts';
import { processesOf } from '../../programs/process-list.ts';
import { waitFor } from '../../support/wait.ts';

let controlPlane: ControlPlane;
let admin: AdminClient;

beforeAll(async () => {
  controlPlane = await startControlPlane();
  admin = await AdminClient.connect(controlPlane);
});
afterAll(async () => {
  await admin.close();
  await controlPlane.stop();
});

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const list = async (query = ''): Promise<{ metadata: { resourceVersion: string; continue?: string } }> =>
  (await admin.call({ method: 'GET', path: `${CONFIG_MAPS}${query}` })) as never;
const create = (name: string): Promise<unknown> =>
  admin.call({ method: 'POST', path: CONFIG_MAPS, body: { metadata: { name } } });

/** The first event of a watch that the server ends after a second. */
async function watchSince(resourceVersion: string): Promise<string> {
  const query = `?watch=true&timeoutSeconds=1&resourceVersion=${resourceVersion}`;
  const said = await admin
    .call({ method: 'GET', path: `${CONFIG_MAPS}${query}` })
    .catch((error: unknown) => error);
  return said instanceof Error ? said.message : JSON.stringify(said);
}

describe('a control plane of its own', () => {
  test('keeps what it stores while its API server is stopped and started', async () => {
    await create('kept');
    await controlPlane.stopApiServer();
    await controlPlane.stopApiServer();
    await expect(list()).rejects.toThrow(/ECONNREFUSED|other side closed/);
    await controlPlane.startApiServer();
    await controlPlane.startApiServer();
    expect(await admin.call({ method: 'GET', path: `${CONFIG_MAPS}/kept` })).toMatchObject({
      metadata: { name: 'kept' },
    });
  });

  test('keeps what it stores while its etcd is restarted', async () => {
    await create('kept-by-etcd');
    await controlPlane.restartEtcd();
    const kept = await waitFor(
      'the API server to have found etcd again',
      () => admin.call({ method: 'GET', path: `${CONFIG_MAPS}/kept-by-etcd` }),
      { timeoutMs: 30_000 },
    );
    expect(kept).toMatchObject({ metadata: { name: 'kept-by-etcd' } });
  });

  test('forgets every resource version before a compaction, in watches and in lists', async () => {
    for (const name of ['one', 'two', 'three']) await create(name);
    const { metadata } = await list('?limit=1');
    await create('four');
    await controlPlane.compact();
    expect(await watchSince(metadata.resourceVersion)).toContain('too old resource version');
    await expect(list(`?limit=1&continue=${metadata.continue ?? ''}`)).rejects.toThrow(
      /continue parameter is too old|too old resource version/,
    );
  });

  test('leaves no process and no directory when it is stopped, once or twice', async () => {
    const other = await startControlPlane();
    expect((await processesOf(other.dir)).length).toBeGreaterThanOrEqual(3);
    await Promise.all([other.stop(), other.stop()]);
    await other.stop();
    expect(await processesOf(other.dir)).toEqual([]);
    expect(existsSync(other.dir)).toBe(false);
    await expect(other.startApiServer()).rejects.toThrow('has been stopped');
  });
});
