import { afterAll, beforeAll, expect, test } from 'vitest';
import { leases } from '../../../src/kube/resource.ts';
import { cluster } from '../../support/cluster.ts';
import { OPERATOR_ACCOUNT } from '../../support/kube-clients.ts';
import { OperatorProcess } from '../../support/operator-process.ts';
import { Scene } from '../../support/scene.ts';
import { waitFor } from '../../support/wait.ts';
import { allowLease } from './leadership.ts';

const LEASE_SECONDS = 6;
const LEADS = 'leader_election_master_status{name="origin-ca-operator"} 1';

let scene: Scene;
const running = new Set<OperatorProcess>();

beforeAll(async () => {
  scene = await Scene.start('replicas');
  await allowLease(scene);
  await scene.createIssuer();
});

afterAll(async () => {
  await Promise.all([...running].map((replica) => replica.stop()));
  await scene[Symbol.asyncDispose]();
});

async function replica(): Promise<OperatorProcess> {
  const started = await OperatorProcess.start({
    kubeconfig: await cluster().kubeconfigFor({ serviceAccount: OPERATOR_ACCOUNT }),
    simulator: scene.simulator,
    flags: [
      `--watch-namespaces=${scene.namespace}`,
      `--operator-namespace=${scene.namespace}`,
      `--lease-duration=${LEASE_SECONDS}s`,
      '--renew-deadline=4s',
      '--retry-period=1s',
    ],
  });
  running.add(started);
  return started;
}

async function leads(replica: OperatorProcess): Promise<boolean> {
  return (await replica.metrics()).includes(LEADS);
}

test('of two replicas one works; the other takes over when it is killed, stops when it loses the Lease, and can lead again', async () => {
  const first = await replica();
  await waitFor('the first replica to lead', () => leads(first), { timeoutMs: 15_000 });
  const second = await replica();
  await scene.applyCertificate('by-first');
  await scene.settled('by-first');
  expect(await leads(second)).toBe(false);
  expect((await second.metrics()).includes('originca_certificate_ready_status{')).toBe(false);

  first.signal('SIGKILL');
  const killedMs = performance.now();
  // Alive for an instant more, it could begin the next issuance, whose unknown outcome the second would wait out.
  await first.exited;
  await scene.applyCertificate('by-second', { hostnames: ['www.example.com'] });
  await waitFor('the second replica to lead', () => leads(second), { timeoutMs: 30_000 });
  expect(performance.now() - killedMs).toBeLessThan((LEASE_SECONDS + 6) * 1000);
  await scene.settled('by-second');
  expect(await scene.posts()).toBe(2);

  const ref = { namespace: scene.namespace, name: 'origin-ca-operator' };
  const theft = { spec: { holderIdentity: 'somebody-else', leaseDurationSeconds: 60 } };
  const write = { signal: AbortSignal.timeout(60_000), fieldManager: 'test' };
  await scene.kube.mergePatch(leases, ref, theft, write);
  await waitFor('the second replica to stop', async () => !(await leads(second)), { timeoutMs: 20_000 });
  const kept = await scene.kube.get(leases, ref, { signal: AbortSignal.timeout(10_000) });
  expect(kept?.spec?.holderIdentity).toBe('somebody-else');
  // The process goes on, as a candidate.
  await scene.kube.mergePatch(leases, ref, { spec: { holderIdentity: '' } }, write);
  await waitFor('the second replica to lead again', () => leads(second), { timeoutMs: 20_000 });
  await scene.applyCertificate('by-second-again', { hostnames: ['api.example.com'] });
  await scene.settled('by-second-again');
  expect(await scene.posts()).toBe(3);
});
