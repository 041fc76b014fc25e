import { afterAll, beforeAll, expect, test } from 'vitest';
import { ANNOTATION } from '../../../src/api/names.ts';
import { originCertificates } from '../../../src/resources.ts';
import { idIn } from '../../integration/certificate/pairs.ts';
import { cluster } from '../../support/cluster.ts';
import { OPERATOR_ACCOUNT } from '../../support/kube-clients.ts';
import { Scene } from '../../support/scene.ts';
import { seconds } from '../../support/seconds.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { FrontedOperator } from './fronted.ts';
import { allowLease } from './leadership.ts';
import { ask, servedOnce } from './once.ts';

/** The lease has its real times here: a gap of a whole one would show that it was not released. */
const LEASE_MS = 15_000;
const EACH = 24;

const names = (prefix: string): string[] => Array.from({ length: EACH }, (_, index) => `${prefix}-${index}`);

let scene: Scene;
const running = new Set<FrontedOperator>();

beforeAll(async () => {
  scene = await Scene.start('rolling');
  await allowLease(scene);
  await scene.createIssuer();
  await scene.simulator.inject({ operation: 'createCertificate', delayMs: 400 });
});

afterAll(async () => {
  await Promise.all([...running].map((operator) => operator[Symbol.asyncDispose]()));
  await scene[Symbol.asyncDispose]();
});

async function start(): Promise<FrontedOperator> {
  const kubeconfig = await cluster().kubeconfigFor({ serviceAccount: OPERATOR_ACCOUNT });
  const { simulator, namespace } = scene;
  const flags = ['--concurrency=4', '--cloudflare-post-timeout=15s'];
  const operator = await FrontedOperator.start({ kubeconfig, simulator, namespace, flags });
  running.add(operator);
  return operator;
}

/** Reads the Secrets as fast as it can, as a controller that serves them does, until told to stop. */
function reader(served: readonly string[]): () => Promise<number> {
  let reading = true;
  const read = async (): Promise<number> => {
    let reads = 0;
    for (; reading; reads += 1) for (const name of served) idIn(await scene.secret(`${name}-tls`)); // Throws for a gap or a mismatch.
    return reads;
  };
  const ended = read();
  ended.catch(() => undefined); // It is told to whoever stops it; a test that failed before does not.
  return () => {
    reading = false;
    return ended;
  };
}

async function askForRenewal(name: string, request: string): Promise<void> {
  await scene.kube.mergePatch(
    originCertificates,
    { name, namespace: scene.namespace },
    { metadata: { annotations: { [ANNOTATION.renewRequestedAt]: request } } },
    { signal: AbortSignal.timeout(30_000), fieldManager: 'person' },
  );
}

async function renewed(name: string, request: string): Promise<void> {
  await waitFor(
    `request ${request} of ${name} to be handled`,
    async () => {
      const { annotations = {} } = (await scene.secret(`${name}-tls`))?.metadata ?? {};
      const handled = annotations[ANNOTATION.handledRenewRequest];
      return handled?.endsWith(`:${request}`) || new NotYet(handled);
    },
    { timeoutMs: 150_000 },
  );
}

/** Waits until some POSTs, not all, of a load are out: the update comes in the middle. */
async function underLoad(leader: FrontedOperator): Promise<void> {
  const sinceMs = performance.now();
  const out = (): number => leader.posts(sinceMs).length;
  await waitFor('a part of the load to be asked for', () => out() >= EACH / 4 || new NotYet(out()), {
    timeoutMs: 60_000,
  });
}

/** From the last write of one's lease to the first of the other's. */
function withoutLeaderMs(before: FrontedOperator, after: FrontedOperator): number {
  return after.leaseWrites()[0]!.atMs - before.lastRenewalMs();
}

test('a rolling update under load leaves no gap and issues nothing twice', { timeout: 600_000 }, async () => {
  const old = await start();
  await old.untilLeading();
  const served = names('served');
  await Promise.all(served.map((name) => ask(scene, name)));
  await servedOnce(scene, served);
  const stopReading = reader(served.slice(0, 6));

  // As a Deployment does it: the new one is ready before the old one is told to end.
  await Promise.all([...served.map((name) => askForRenewal(name, 'one')), underLoad(old)]);
  const next = await start();
  const ended = old.process.stop();
  await next.untilLeading();
  expect(await ended).toBe(0);
  for (const name of served) await renewed(name, 'one');
  const gapMs = withoutLeaderMs(old, next);
  expect(gapMs).toBeLessThan(LEASE_MS);

  // As a person does it: the old one is ended while the new one starts.
  const fresh = names('fresh');
  await Promise.all([...fresh.map((name) => ask(scene, name)), underLoad(next)]);
  const [last, code] = await Promise.all([start(), next.process.stop()]);
  expect(code).toBe(0);
  await last.untilLeading();
  await servedOnce(scene, fresh);
  await servedOnce(scene, served, 2);
  const reads = await stopReading();
  expect(reads).toBeGreaterThan(0);
  const posts = await scene.posts();
  expect(posts).toBe(3 * EACH);
  // The one that ended had no more to do: what it began it finished.
  for (const operator of [old, next])
    expect(operator.posts().filter(({ abandonedMs }) => abandonedMs !== undefined)).toEqual([]);
  console.log(
    `${3 * EACH} needs, ${posts} POSTs; ${seconds(gapMs)} s without a leader; Secrets read ${reads} times, no gap`,
  );
});
