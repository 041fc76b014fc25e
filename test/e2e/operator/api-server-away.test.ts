import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ANNOTATION } from '../../../src/api/names.ts';
import { originCertificates } from '../../../src/resources.ts';
import { type ControlPlane, startControlPlane } from '../../programs/control-plane.ts';
import { idIn } from '../../integration/certificate/pairs.ts';
import type { FaultProxy } from '../../proxy/proxy.ts';
import { OPERATOR_ACCOUNT } from '../../support/kube-clients.ts';
import { Scene } from '../../support/scene.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { FrontedOperator } from './fronted.ts';
import { allowLease } from './leadership.ts';
import { ask, servedOnce } from './once.ts';

/** How long the API server is cut off: longer than every bound of the operator. AWAY_SECONDS=120 asks for two minutes. */
const AWAY_MS = Number(process.env['AWAY_SECONDS'] ?? 25) * 1000;
/** How old the last answered read may be for anything that has an effect. */
const FRESH_MS = 15_000;
/** From the operator's dispatch to the record of a proxy, on a machine that is busy: what the kernel holds is exempt. */
const TRANSIT_MS = 3000;

const CRDS = fileURLToPath(new URL('../../../crds', import.meta.url));
const LIMIT = { timeout: 300_000 + 2 * AWAY_MS };

let plane: ControlPlane;

beforeAll(async () => {
  plane = await startControlPlane({ crds: CRDS });
});
afterAll(() => plane.stop());

/** A namespace with an issuer, and an operator for it behind proxies. */
interface Place {
  readonly scene: Scene;
  readonly operator: FrontedOperator;
}

/** One operator with leader election, one without: what holds each back in the end is another thing. */
const KINDS = [
  {
    kind: 'with leader election',
    prefix: 'elected',
    flags: [],
    how: 'silence',
    cut: (kubernetes: FaultProxy): void => kubernetes.pause(),
  },
  {
    kind: 'without leader election',
    prefix: 'alone',
    flags: ['--no-leader-elect'],
    how: 'resets',
    cut: (kubernetes: FaultProxy): void => {
      kubernetes.inject({ fault: { type: 'reset', when: 'before' } });
      kubernetes.resetAll();
    },
  },
] as const;

const places = new Map<string, Place>();

beforeAll(async () => {
  for (const { kind, prefix, flags } of KINDS) {
    const scene = await Scene.start(prefix, { plane });
    await allowLease(scene);
    await scene.createIssuer();
    const kubeconfig = await plane.kubeconfigFor({ serviceAccount: OPERATOR_ACCOUNT });
    const { simulator, namespace } = scene;
    const operator = await FrontedOperator.start({ kubeconfig, simulator, namespace, flags });
    places.set(kind, { scene, operator });
    await operator.untilLeading();
  }
}, 240_000);

afterAll(async () => {
  for (const { operator } of places.values()) await operator[Symbol.asyncDispose]();
  for (const { scene } of places.values()) await scene[Symbol.asyncDispose]();
});

async function askForRenewal({ scene }: Place, name: string, request: string): Promise<void> {
  await scene.kube.mergePatch(
    originCertificates,
    { name, namespace: scene.namespace },
    { metadata: { annotations: { [ANNOTATION.renewRequestedAt]: request } } },
    { signal: AbortSignal.timeout(30_000), fieldManager: 'person' },
  );
}

/** Waits until another certificate than this one is served. */
async function replaced({ scene }: Place, name: string, id: string): Promise<void> {
  await waitFor(
    `another certificate than ${id} for ${name}`,
    async () =>
      idIn(await scene.secret(`${name}-tls`)) !== id || new NotYet((await scene.certificate(name))?.status),
    { timeoutMs: 150_000 },
  );
}

/** Looks at both probes until it is told to stop, and at what the proxy saw answered; resolves to what was not true. */
function watchProbes({ operator }: Place): () => Promise<readonly string[]> {
  const lies: string[] = [];
  let watching = true;
  const watch = async (): Promise<void> => {
    while (watching) {
      const askedMs = performance.now();
      const [alive, ready] = [await operator.probe('/healthz'), await operator.probe('/readyz')];
      const silentMs = askedMs - operator.lastReadMs();
      if (alive.status !== 200) lies.push(`/healthz said ${alive.status}`);
      if (ready.status === 200 && silentMs > FRESH_MS) lies.push(`/readyz said 200 after ${silentMs} ms`);
      await sleep(200);
    }
  };
  const ended = watch().catch((error: unknown) => void lies.push(String(error)));
  return async () => {
    watching = false;
    await ended;
    return lies;
  };
}

/** Every POST and every write of a Secret, and how old the last answered read was. */
function actsOnOldNews({ operator }: Place): readonly string[] {
  return [...operator.posts(), ...operator.secretWrites()].flatMap(({ method, path, atMs }) => {
    const ageMs = atMs - operator.lastReadMs(atMs);
    return ageMs > FRESH_MS + TRANSIT_MS
      ? [`${method} ${path} ${Math.round(ageMs)} ms after the last read`]
      : [];
  });
}

async function readiness({ operator }: Place, status: number, words: string): Promise<void> {
  const says = async (): Promise<true | NotYet> => {
    const said = await operator.probe('/readyz');
    return (said.status === status && said.body.includes(words)) || new NotYet(said);
  };
  await waitFor(`/readyz to say ${status} ${words}`, says, { timeoutMs: 120_000 });
}

const unheard = (place: Place): Promise<void> =>
  readiness(place, 503, 'apiserver: the API server was last read');
const heard = (place: Place): Promise<void> => readiness(place, 200, 'ok');

/** Waits until its log says once for each silence that nobody answered, and that somebody did. */
async function toldOnce({ operator }: Place): Promise<void> {
  await waitFor(
    'it to have said once that nobody answered, and once that somebody did',
    async () => {
      const logs = await operator.process.logs();
      const said = logs.filter((line) => line.includes('the API server does not answer'));
      const again = logs.filter((line) => line.includes('"the API server answers"'));
      return (said.length === 1 && again.length === 1) || new NotYet({ said, again });
    },
    { timeoutMs: 30_000 },
  );
}

describe.concurrent(
  `an API server cut off for ${AWAY_MS / 1000} s: nothing is done, then all is, once`,
  () => {
    test.each(KINDS)('$kind, cut off by $how', LIMIT, async ({ kind, how, cut }) => {
      const place = places.get(kind)!;
      const { scene, operator } = place;
      await ask(scene, 'there');
      await servedOnce(scene, ['there']);
      const id = idIn(await scene.secret('there-tls'));
      const lies = watchProbes(place);
      // One is in the middle of its POST, two are asked for while nothing is heard.
      await scene.simulator.inject({ operation: 'createCertificate', delayMs: 1500, count: 1 });
      const before = operator.posts().length;
      await ask(scene, 'asked');
      await waitFor('its POST', () => operator.posts().length > before, { timeoutMs: 30_000 });
      cut(operator.kubernetes);
      const cutMs = performance.now();
      await ask(scene, 'wished');
      await askForRenewal(place, 'there', 'one');
      await unheard(place);
      await sleep(Math.max(0, cutMs + AWAY_MS - performance.now()));
      const silentMs = cutMs + FRESH_MS + TRANSIT_MS;
      expect([...operator.posts(silentMs), ...operator.secretWrites(silentMs)]).toEqual([]);
      operator.kubernetes.clear();

      await heard(place);
      await servedOnce(scene, ['asked', 'wished']);
      await replaced(place, 'there', id);
      await servedOnce(scene, ['there'], 2);
      expect(await lies()).toEqual([]);
      expect(operator.process.hasEnded).toBe(false);
      expect(actsOnOldNews(place)).toEqual([]);
      await toldOnce(place);
      console.log(
        `cut off for ${AWAY_MS / 1000} s by ${how}: no exit, nothing done blindly, ${await scene.posts()} POSTs for 4 needs`,
      );
    });
  },
);

test(
  'etcd and the API server are restarted, and watches are cut: nothing is lost or doubled',
  LIMIT,
  async () => {
    const all = [...places.values()];
    const inAll = async (work: (place: Place) => Promise<unknown>): Promise<void> =>
      void (await Promise.all(all.map(work)));
    const through = async (fault: string, strike: () => Promise<unknown>): Promise<void> => {
      await inAll(async ({ scene, operator }) => {
        await scene.simulator.inject({ operation: 'createCertificate', delayMs: 1500, count: 1 });
        const before = operator.posts().length;
        await ask(scene, `during-${fault}`);
        await waitFor('its POST', () => operator.posts().length > before, { timeoutMs: 60_000 });
      });
      await strike();
      await inAll(async ({ scene }) => {
        const stored = (): Promise<true> => ask(scene, `after-${fault}`).then(() => true);
        await waitFor('the API server to store again', stored, { timeoutMs: 60_000 });
        await servedOnce(scene, [`during-${fault}`, `after-${fault}`]);
      });
    };
    await through('api-server', () => plane.restartApiServer());
    await through('etcd', () => plane.restartEtcd());
    await through('watches', () =>
      inAll(async ({ operator }) => {
        operator.kubernetes.cutWatches();
        operator.kubernetes.resetAll();
      }),
    );
    for (const place of all) {
      await heard(place);
      expect(place.operator.process.hasEnded).toBe(false);
      expect(actsOnOldNews(place)).toEqual([]);
    }
  },
);

test(
  'reads are refused, writes are not: what waits for an answer for too long stops there',
  LIMIT,
  async () => {
    const place = places.get('without leader election')!;
    const { scene, operator } = place;
    const name = 'blind';
    // The pass has read what it needs; the answer to its first write comes when that is old.
    const held = Promise.withResolvers<void>();
    const caught = Promise.withResolvers<number>();
    operator.kubernetes.gate = async ({ when, method, path }) => {
      if (when !== 'before' || method !== 'POST' || !path.includes('/secrets?')) return 'pass';
      caught.resolve(performance.now());
      await held.promise;
      return 'pass';
    };
    await ask(scene, name);
    const stopMs = await caught.promise;
    const refuse = operator.kubernetes.inject({
      match: { method: 'GET' },
      fault: { type: 'status', status: 429, retryAfterSeconds: 1 },
    });
    const posts = operator.posts().length;
    await unheard(place);
    const blindMs = performance.now();
    held.resolve();
    const answered = (): boolean =>
      operator
        .secretWrites(stopMs - TRANSIT_MS)
        .some(({ method, status }) => method === 'POST' && status === 201);
    await waitFor('the key to be stored', answered, { timeoutMs: 30_000 });
    // It would go on at once, with the rehearsal of the target: a write that the API server would take.
    await waitFor('several tries to read', () => tries(operator, blindMs) >= 10, { timeoutMs: 60_000 });
    expect(operator.secretWrites(blindMs)).toEqual([]);
    expect(operator.posts().length).toBe(posts);
    refuse();
    operator.kubernetes.gate = undefined;
    await servedOnce(scene, [name]);
    expect(actsOnOldNews(place)).toEqual([]);
  },
);

function tries(operator: FrontedOperator, sinceMs: number): number {
  return operator.kubernetes.requests.filter(({ method, atMs }) => method === 'GET' && atMs > sinceMs).length;
}
