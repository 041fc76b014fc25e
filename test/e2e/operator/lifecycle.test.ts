import { createServer, connect } from 'node:tls';
import { once } from 'node:events';
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Lease } from '../../../src/kube/object.ts';
import { leases } from '../../../src/kube/resource.ts';
import { bundle } from '../../support/build.ts';
import { cluster } from '../../support/cluster.ts';
import { OPERATOR_ACCOUNT } from '../../support/kube-clients.ts';
import { OperatorProcess } from '../../support/operator-process.ts';
import { Scene } from '../../support/scene.ts';
import { waitFor } from '../../support/wait.ts';
import { allowLease } from './leadership.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.start('lifecycle');
  await allowLease(scene);
  await scene.createIssuer();
});

afterAll(() => scene[Symbol.asyncDispose]());

function flags(): string[] {
  return [`--watch-namespaces=${scene.namespace}`, `--operator-namespace=${scene.namespace}`];
}

async function lease(): Promise<Lease | undefined> {
  const ref = { namespace: scene.namespace, name: 'origin-ca-operator' };
  return scene.kube.get(leases, ref, { signal: AbortSignal.timeout(10_000) });
}

/** Serves the Secret as an ingress controller does, and connects as Cloudflare's edge does under mode strict. */
async function serves(secretName: string, hostname: string): Promise<void> {
  const secret = await scene.secret(secretName);
  const pem = (key: string): string => Buffer.from(secret?.data?.[key] ?? '', 'base64').toString();
  const server = createServer({ cert: pem('tls.crt'), key: pem('tls.key') }, (socket) => void socket.end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const ca = await readFile(scene.simulator.originCaRootsFile);
    const { port } = server.address() as AddressInfo;
    const socket = connect({ host: '127.0.0.1', port, servername: hostname, ca });
    await once(socket, 'secureConnect'); // It errors where the chain or the name is wrong.
    socket.destroy();
  } finally {
    server.close();
  }
}

async function get(operator: OperatorProcess, path: string): Promise<{ status: number; body: string }> {
  const { statusCode, body } = await request(`${operator.url}${path}`);
  return { status: statusCode, body: await body.text() };
}

describe('the operator as a process', () => {
  test('makes a manifest a served Secret, tells how it is, and ends in order on SIGTERM', async () => {
    const kubeconfig = await cluster().kubeconfigFor({ serviceAccount: OPERATOR_ACCOUNT });
    const operator = await OperatorProcess.start({ kubeconfig, simulator: scene.simulator, flags: flags() });
    try {
      await scene.applyCertificate('shop', { hostnames: ['example.com', '*.example.com'] });
      await scene.settled('shop');
      await serves('shop-tls', 'www.example.com');
      expect(await get(operator, '/healthz')).toEqual({ status: 200, body: 'ok\n' });
      expect(await get(operator, '/readyz')).toEqual({ status: 200, body: 'ok\n' });
      const { body } = await get(operator, '/metrics');
      expect(body).toContain(
        `originca_certificate_ready_status{namespace="${scene.namespace}",name="shop",condition="True"} 1`,
      );
      expect(body).toContain('leader_election_master_status{name="origin-ca-operator"} 1');
      expect((await lease())?.spec?.holderIdentity).not.toBe('');
    } finally {
      const startMs = performance.now();
      expect(await operator.stop()).toBe(0);
      expect(performance.now() - startMs).toBeLessThan(10_000);
    }
    expect((await lease())?.spec?.holderIdentity).toBe('');
  });

  test('finishes on SIGTERM what it has begun, and begins nothing more', async () => {
    const kubeconfig = await cluster().kubeconfigFor({ serviceAccount: OPERATOR_ACCOUNT });
    const operator = await OperatorProcess.start({ kubeconfig, simulator: scene.simulator, flags: flags() });
    await scene.simulator.inject({ operation: 'createCertificate', delayMs: 3000 });
    const before = await scene.posts();
    await scene.applyCertificate('begun');
    await waitFor('the POST to be on its way', async () => (await scene.posts()) > before, {
      timeoutMs: 15_000,
    });
    const stopped = operator.stop();
    const isUnready = async (): Promise<boolean> =>
      (await get(operator, '/readyz')).body.includes('stopping: the operator is stopping');
    await waitFor('it to be unready', isUnready, { timeoutMs: 2500, intervalMs: 10 });
    await scene.applyCertificate('too-late');
    expect(await stopped).toBe(0);
    expect(Object.keys((await scene.secret('begun-tls'))?.data ?? {})).toEqual(['tls.crt', 'tls.key']);
    expect(await scene.secret('too-late-tls')).toBeUndefined();
    expect(await scene.posts()).toBe(before + 1);
  });
});

const NOBODY = 65532;
const isRoot = process.getuid?.() === 0;

/** Gives up root before the program is loaded; a user who is none stays who it is. */
const AS_NOBODY = isRoot
  ? [
      `--import=data:text/javascript,process.setgroups([]);process.setgid(${NOBODY});process.setuid(${NOBODY});`,
    ]
  : [];

describe('the bundle alone in an empty directory, as in the image', () => {
  test('runs as another user, without write access, with the configuration of a pod', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'originca-bundle-'));
    try {
      await bundle(
        'src/main.ts',
        relative(fileURLToPath(new URL('../../../', import.meta.url)), join(dir, 'app', 'main.js')),
      );
      const pod = await readable(
        await cluster().inClusterDir({ serviceAccount: OPERATOR_ACCOUNT }),
        join(dir, 'pod'),
      );
      const { caFile, originCaRootsFile, apiUrl } = scene.simulator;
      const files = join(dir, 'files');
      await mkdir(files);
      for (const [from, name] of [
        [caFile, 'ca'],
        [originCaRootsFile, 'roots'],
      ] as const)
        await copyFile(from, join(files, name));
      await chmod(join(dir, 'app'), 0o555);
      await chmod(dir, 0o755);
      expect(await readdir(join(dir, 'app'))).toEqual(['main.js']);

      const { hostname, port } = new URL(cluster().apiServerUrl);
      const operator = await OperatorProcess.start({
        simulator: { apiUrl, caFile: join(files, 'ca'), originCaRootsFile: join(files, 'roots') },
        program: join(dir, 'app', 'main.js'),
        nodeFlags: AS_NOBODY,
        flags: flags(),
        env: {
          ORIGINCA_IN_CLUSTER_DIR: pod,
          KUBERNETES_SERVICE_HOST: hostname,
          KUBERNETES_SERVICE_PORT: port,
        },
      });
      try {
        expect(await uidOf(operator.pid)).toBe(isRoot ? NOBODY : process.getuid?.());
        await scene.applyCertificate('bundled');
        await scene.settled('bundled');
        await serves('bundled-tls', 'example.com');
      } finally {
        expect(await operator.stop()).toBe(0);
      }
      expect(await readdir(join(dir, 'app'))).toEqual(['main.js']);
    } finally {
      await rm(dir, { recursive: true });
    }
  });
});

/** Copies a directory of a control plane, which is closed to others, to where anybody may read it. */
async function readable(from: string, to: string): Promise<string> {
  await mkdir(to);
  for (const name of await readdir(from)) {
    await copyFile(join(from, name), join(to, name));
    await chmod(join(to, name), 0o444);
  }
  return to;
}

async function uidOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^Uid:\s+(\d+)/m.exec(status)?.[1]);
}
