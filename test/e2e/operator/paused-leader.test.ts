import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Gate, Passage } from '../../proxy/gate.ts';
import { cluster } from '../../support/cluster.ts';
import { OPERATOR_ACCOUNT } from '../../support/kube-clients.ts';
import { Scene } from '../../support/scene.ts';
import { seconds } from '../../support/seconds.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { FrontedOperator, SPAN_FLAGS, SPANS } from './fronted.ts';
import { allowLease } from './leadership.ts';
import { ask, servedOnce } from './once.ts';

/** Where the leader is when it is paused, and what becomes of the message that is on its way then. */
interface Pause {
  readonly name: string;
  readonly server: 'kubernetes' | 'cloudflare';
  readonly at: (passage: Passage, name: string) => boolean;
  readonly fate: 'arrives' | 'arrives late' | 'is lost';
}

const isPost = ({ when, method, path }: Passage): boolean =>
  when === 'before' && method === 'POST' && path.includes('/certificates');

const PAUSES: readonly Pause[] = [
  {
    name: 'in the middle of a POST whose answer waits for it',
    server: 'cloudflare',
    at: isPost,
    fate: 'arrives',
  },
  { name: 'in the middle of a POST that never arrives', server: 'cloudflare', at: isPost, fate: 'is lost' },
  {
    name: 'while it stores the key',
    server: 'kubernetes',
    at: ({ when, method, path }) => when === 'before' && method === 'POST' && path.includes('/secrets?'),
    fate: 'arrives',
  },
  {
    name: 'while it writes the target, which arrives when another has done all',
    server: 'kubernetes',
    at: ({ when, method, path }, name) =>
      when === 'before' &&
      method === 'PATCH' &&
      path.includes(`/secrets/${name}-tls?`) &&
      !path.includes('dryRun'),
    fate: 'arrives late',
  },
];

let scene: Scene;
/** Of each pause, how long after its deadline the leader went on. */
const lateMs: number[] = [];
let replicas: readonly [FrontedOperator, FrontedOperator];

beforeAll(async () => {
  scene = await Scene.start('paused');
  await allowLease(scene);
  await scene.createIssuer();
  const kubeconfig = await cluster().kubeconfigFor({ serviceAccount: OPERATOR_ACCOUNT });
  const { simulator, namespace } = scene;
  const start = (): Promise<FrontedOperator> =>
    FrontedOperator.start({ kubeconfig, simulator, namespace, flags: SPAN_FLAGS });
  replicas = await Promise.all([start(), start()]);
});

afterAll(async () => {
  console.log(
    `${lateMs.length} pauses, resumed ${lateMs.map(seconds).join(', ')} s after the deadline: no request, no twin`,
  );
  await Promise.all(replicas.map((replica) => replica[Symbol.asyncDispose]()));
  await scene[Symbol.asyncDispose]();
});

/** Which of them leads now, and which waits. */
async function roles(): Promise<{ readonly leader: FrontedOperator; readonly other: FrontedOperator }> {
  const [one, two] = replicas;
  return waitFor(
    'one of them to lead',
    async () => {
      const [first, second] = [await one.leads(), await two.leads()];
      if (first === second) return new NotYet({ first, second });
      return first ? { leader: one, other: two } : { leader: two, other: one };
    },
    { timeoutMs: 60_000 },
  );
}

/** Pauses the leader at its next such message. `paused` resolves then; `release` lets a late one go on. */
function pauseAt(leader: FrontedOperator, { server, at, fate }: Pause, name: string) {
  const paused = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  let isPaused = false;
  const gate: Gate = async (passage) => {
    if (isPaused || !at(passage, name)) return 'pass';
    isPaused = true;
    leader.kill('SIGSTOP');
    paused.resolve();
    if (fate === 'arrives late') await released.promise;
    return fate === 'is lost' ? 'drop' : 'pass';
  };
  leader[server].gate = gate;
  return { paused: paused.promise, release: released.resolve };
}

describe('a leader that is paused past its lease', () => {
  test.each(PAUSES)('$name: starts nothing when it goes on, no twin', { timeout: 400_000 }, async (pause) => {
    const name = `paused-${PAUSES.indexOf(pause)}`;
    const { leader, other } = await roles();
    const terms = await leader.terms();
    const { paused, release } = pauseAt(leader, pause, name);
    await ask(scene, name);
    await paused;
    const deadlineMs = leader.lastRenewalMs() + SPANS.renewDeadlineMs;
    await other.untilLeading(60_000);
    await servedOnce(scene, [name]);
    release();

    const resumedMs = performance.now();
    expect(resumedMs).toBeGreaterThan(deadlineMs);
    leader.kill('SIGCONT');
    await leader.untilTerm(terms + 1);
    const asks = (): number =>
      leader.kubernetes.requests.filter(({ path, atMs }) => path.includes('/leases/') && atMs > resumedMs)
        .length;
    await waitFor('it to be a candidate for a while', () => asks() >= 4 || new NotYet(asks()), {
      timeoutMs: 60_000,
    });
    expect(leader.acts(resumedMs)).toEqual([]);
    expect(await other.leads()).toBe(true);
    await servedOnce(scene, [name]);
    leader[pause.server].gate = undefined;
    lateMs.push(resumedMs - deadlineMs);
  });
});
