import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SeenRequest } from '../../proxy/proxy.ts';
import { proxied, type ProxiedOperator } from '../../support/proxied.ts';
import type { RunningOperator } from '../../support/scene-operator.ts';
import { Scene } from '../../support/scene.ts';
import { NotYet, waitFor } from '../../support/wait.ts';

let scene: Scene;
let road: ProxiedOperator;
let operator: RunningOperator;

beforeAll(async () => {
  scene = await Scene.start('cost');
  road = await proxied();
  await scene.createIssuer();
  operator = await scene.startOperator({ kubeconfig: road.kubeconfig });
  await scene.applyCertificate('warm-up');
  await scene.settled('warm-up');
});

afterAll(async () => {
  await scene[Symbol.asyncDispose]();
  await road[Symbol.asyncDispose]();
});

/** Writes in order, as "METHOD resource/name"; the dry run is marked, events are left out. */
function writes(requests: readonly SeenRequest[]): string[] {
  return requests
    .filter(({ method, path }) => method !== 'GET' && !path.includes('/events'))
    .map(({ method, path }) => {
      const [place = '', query = ''] = path.split('?');
      const [resource = '', ...rest] = place.split(`/namespaces/${scene.namespace}/`)[1]?.split('/') ?? [];
      const name = rest.join('/').replace(/originca-pending-.*/, 'PENDING');
      return `${query.includes('dryRun') ? 'dry run ' : ''}${method} ${resource}${name && `/${name}`}`;
    });
}

describe('the cost', () => {
  test('of a first certificate is four writes and one Cloudflare request', async () => {
    road.proxy.forget();
    const before = (await scene.simulator.requests()).length;
    await scene.applyCertificate('one');
    await scene.settled('one');
    expect(writes(road.proxy.requests)).toEqual([
      'POST secrets',
      'dry run PATCH secrets/one-tls',
      'PATCH secrets/one-tls',
      'PATCH origincertificates/one/status',
      'DELETE secrets/PENDING',
    ]);
    const asked = (await scene.simulator.requests()).slice(before);
    expect(asked.map(({ operation }) => operation)).toEqual(['createCertificate']);
  });

  test('of a renewal is the same, without a dry run', async () => {
    road.proxy.forget();
    await scene.applyCertificate('one', {}, { 'originca.dev/renew-requested-at': 'now' });
    await waitFor(
      'the pending Secret deleted',
      () => writes(road.proxy.requests).some((write) => write.startsWith('DELETE')),
      { timeoutMs: 10_000 },
    );
    await scene.settled('one');
    expect(writes(road.proxy.requests)).toEqual([
      'POST secrets',
      'PATCH secrets/one-tls',
      'PATCH origincertificates/one/status',
      'DELETE secrets/PENDING',
    ]);
  });

  test('of a restart with everything in order is no write at all', async () => {
    await operator.stop();
    road.proxy.forget();
    operator = await scene.startOperator({ kubeconfig: road.kubeconfig });
    await waitFor(
      'every object looked at',
      async () => (await reconciled(operator)) >= 2 || new NotYet(road.proxy.requests),
      {
        timeoutMs: 10_000,
      },
    );
    await waitFor(
      'the queue at rest',
      async () => {
        const seen = await reconciled(operator);
        return (
          operator.logs.some((line) => line.includes('working')) && seen === (await reconciled(operator))
        );
      },
      { timeoutMs: 10_000 },
    );
    expect(writes(road.proxy.requests)).toEqual([]);
  });

  test('of all this in the log is no warning and no error', () => {
    const levels = operator.logs.map((line) => (JSON.parse(line) as { level: string }).level);
    expect(new Set(levels)).not.toContain('error');
    expect(operator.logs.filter((line) => line.includes('the API server warns'))).toEqual([]);
  });
});

/** Passes of the certificate controller so far, by the metrics. */
async function reconciled({ metricsPort }: RunningOperator): Promise<number> {
  const { body } = await request(`http://127.0.0.1:${metricsPort}/metrics`);
  const lines = (await body.text()).split('\n');
  return lines
    .filter((line) => line.startsWith('controller_runtime_reconcile_total{') && line.includes('certificate'))
    .reduce((sum, line) => sum + Number(line.split(' ')[1]), 0);
}
