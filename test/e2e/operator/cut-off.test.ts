import { afterAll, beforeAll, expect, test } from 'vitest';
import { cluster } from '../../support/cluster.ts';
import { OPERATOR_ACCOUNT } from '../../support/kube-clients.ts';
import { Scene } from '../../support/scene.ts';
import { seconds } from '../../support/seconds.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { FrontedOperator, SPAN_FLAGS, SPANS } from './fronted.ts';
import { allowLease } from './leadership.ts';
import { ask, servedOnce } from './once.ts';

/** Longer than a lease: it is the lease that ends the requests, not their time limit. */
const FLAGS = [...SPAN_FLAGS, '--cloudflare-post-timeout=20s'];

let scene: Scene;
let leader: FrontedOperator;
let other: FrontedOperator;

beforeAll(async () => {
  scene = await Scene.start('cut-off');
  await allowLease(scene);
  await scene.createIssuer();
  const kubeconfig = await cluster().kubeconfigFor({ serviceAccount: OPERATOR_ACCOUNT });
  const { simulator, namespace } = scene;
  const start = (): Promise<FrontedOperator> =>
    FrontedOperator.start({ kubeconfig, simulator, namespace, flags: FLAGS });
  leader = await start();
  await leader.untilLeading();
  other = await start();
});

afterAll(async () => {
  await Promise.all([leader, other].map((replica) => replica[Symbol.asyncDispose]()));
  await scene[Symbol.asyncDispose]();
});

test(
  'a leader that is cut off from the API server, but not from Cloudflare, stops before its lease ends',
  { timeout: 400_000 },
  async () => {
    await ask(scene, 'before');
    await servedOnce(scene, ['before']);
    // One certificate is stored and its answer never comes, the other is asked for slowly.
    leader.cloudflare.inject({
      count: 1,
      match: { method: 'POST' },
      fault: { type: 'hang', when: 'after' },
    });
    const already = leader.posts().length;
    await ask(scene, 'stored');
    const isOut = (count: number) => (): boolean | NotYet =>
      leader.posts().length === already + count || new NotYet(leader.posts());
    await waitFor('its first POST', isOut(1), { timeoutMs: 30_000 });
    leader.cloudflare.inject({
      count: 1,
      match: { method: 'POST' },
      fault: { type: 'hang', when: 'before' },
    });
    await ask(scene, 'unstored');
    await waitFor('its second POST', isOut(2), { timeoutMs: 30_000 });

    leader.kubernetes.inject({ fault: { type: 'reset', when: 'before' } });
    leader.kubernetes.resetAll();
    const leaseEndMs = leader.lastRenewalMs() + SPANS.leaseDurationMs;
    const hanging = leader.posts().slice(-2);
    await waitFor(
      'it to give up what is in flight',
      () => hanging.every(({ abandonedMs }) => abandonedMs !== undefined) || new NotYet(hanging),
      { timeoutMs: 60_000 },
    );
    for (const { abandonedMs = Number.POSITIVE_INFINITY } of hanging)
      expect(abandonedMs).toBeLessThan(leaseEndMs);
    expect(await leader.leads()).toBe(false);

    await other.untilLeading(60_000);
    await servedOnce(scene, ['stored', 'unstored']);
    expect(leader.cloudflare.requests.filter(({ atMs }) => atMs > leaseEndMs)).toEqual([]);
    expect(await leader.probe('/healthz')).toEqual({ status: 200, body: 'ok\n' });
    await waitFor('it to say so', async () => (await leader.probe('/readyz')).status === 503, {
      timeoutMs: 30_000,
    });

    leader.kubernetes.clear();
    await leader.untilTerm(2);
    await waitFor('it to be ready again', async () => (await leader.probe('/readyz')).status === 200, {
      timeoutMs: 60_000,
    });
    expect(await other.leads()).toBe(true);
    expect(leader.cloudflare.requests.filter(({ atMs }) => atMs > leaseEndMs)).toEqual([]);
    const lastMs = Math.max(...hanging.map(({ abandonedMs = Number.POSITIVE_INFINITY }) => abandonedMs));
    console.log(`what was in flight was given up ${seconds(leaseEndMs - lastMs)} s before the lease ended`);
  },
);
