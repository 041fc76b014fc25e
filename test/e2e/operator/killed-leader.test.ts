import { afterAll, beforeAll, expect, test } from 'vitest';
import { cluster } from '../../support/cluster.ts';
import { OPERATOR_ACCOUNT } from '../../support/kube-clients.ts';
import { Scene } from '../../support/scene.ts';
import { seconds } from '../../support/seconds.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { FrontedOperator } from './fronted.ts';
import { allowLease } from './leadership.ts';
import { ask, servedOnce } from './once.ts';

/** With the lease's real times: how long after the end of the leader the other has begun to act. */
const PROMISED_MS = 30_000;

let scene: Scene;
const replicas: FrontedOperator[] = [];

beforeAll(async () => {
  scene = await Scene.start('killed');
  await allowLease(scene);
  await scene.createIssuer();
});

afterAll(async () => {
  await Promise.all(replicas.map((replica) => replica[Symbol.asyncDispose]()));
  await scene[Symbol.asyncDispose]();
});

async function start(): Promise<FrontedOperator> {
  const kubeconfig = await cluster().kubeconfigFor({ serviceAccount: OPERATOR_ACCOUNT });
  const { simulator, namespace } = scene;
  const replica = await FrontedOperator.start({ kubeconfig, simulator, namespace });
  replicas.push(replica);
  return replica;
}

test(
  'when the leader is killed in the middle of its work, the other acts within 30 s and nothing is doubled',
  { timeout: 400_000 },
  async () => {
    const leader = await start();
    await leader.untilLeading();
    const other = await start();
    await scene.simulator.inject({ operation: 'createCertificate', delayMs: 2000, count: 2 });
    await Promise.all(['one', 'two'].map((name) => ask(scene, name)));
    const out = (): number => leader.posts().length;
    await waitFor('both POSTs', () => out() === 2 || new NotYet(out()), { timeoutMs: 60_000 });
    leader.kill('SIGKILL');
    const killedMs = performance.now();
    expect(other.acts()).toEqual([]);
    await ask(scene, 'three');
    const firstPost = await waitFor('the POST of the other', () => other.posts(killedMs)[0], {
      timeoutMs: 120_000,
    });
    const tookMs = firstPost.atMs - killedMs;
    expect(tookMs).toBeLessThan(PROMISED_MS);
    await servedOnce(scene, ['one', 'two', 'three']);
    console.log(`the other acted ${seconds(tookMs)} s after the leader was killed: 3 needs, 3 certificates`);
  },
);
