import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OriginCertificate } from '../../../src/api/v1alpha1.ts';
import type { Secret } from '../../../src/kube/object.ts';
import { secrets } from '../../../src/kube/resource.ts';
import { originCertificates, originIssuers } from '../../../src/resources.ts';
import { testNamespace } from '../../support/cluster.ts';
import { type RunningOperator, Scene } from '../../support/scene.ts';
import { PassingTime } from './passing-time.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
/** Of one user, as Cloudflare counts them: eight at once and one in two seconds are 38 in a minute. */
const BUDGET = { quota: 40, windowMs: MINUTE, blockMs: 5 * MINUTE };
const FLAGS = ['--cloudflare-rate=0.5', '--cloudflare-burst=8'];

let scene: Scene;
let operator: RunningOperator;
let time: PassingTime;
let busy: string;
let calm: string;
let late: string;

beforeAll(async () => {
  scene = await Scene.start('fairness');
  [busy, calm, late] = await Promise.all([
    testNamespace('busy'),
    testNamespace('calm'),
    testNamespace('late'),
  ]);
  await scene.simulator.settings({ budget: BUDGET });
  const other = await scene.simulator.seedToken(); // Another token of the same user.
  await createIssuer(busy, scene.token.value);
  await createIssuer(calm, other.value);
  await createIssuer(late, other.value);
  time = new PassingTime(scene, () => operator);
  const flags = [...FLAGS, `--watch-namespaces=${[busy, calm, late].join(',')}`];
  operator = await scene.startOperator({ clock: time.clock, random: () => 0, flags });
  await time.idle();
});
afterAll(() => scene[Symbol.asyncDispose]());

async function createIssuer(namespace: string, token: string): Promise<void> {
  const data = { 'api-token': Buffer.from(token).toString('base64') };
  await scene.apply(secrets, { metadata: { name: 'cloudflare', namespace }, data } satisfies Secret);
  await scene.apply(originIssuers, {
    metadata: { name: 'cloudflare', namespace },
    spec: { apiTokenSecretRef: { name: 'cloudflare' } },
  });
}

async function createCertificates(namespace: string, count: number): Promise<void> {
  const names = Array.from({ length: count }, (_, at) => `${namespace}-${at}`);
  await Promise.all(
    names.map((name) =>
      scene.apply(originCertificates, {
        metadata: { name, namespace },
        spec: {
          secretName: `${name}-tls`,
          hostnames: [`${name}.example.com`],
          issuerRef: { name: 'cloudflare' },
        },
      }),
    ),
  );
}

async function issuedIn(namespace: string): Promise<OriginCertificate[]> {
  const signal = AbortSignal.timeout(20_000);
  const found = await scene.kube.listAll(originCertificates, { namespace, signal });
  return found.filter(({ status }) => status?.certificate !== undefined);
}

/** Namespaces in the order in which their certificates were issued. */
async function order(): Promise<string[]> {
  const issued = await scene.simulator.certificates();
  return issued
    .toSorted((a, b) => Date.parse(a.issuedAt) - Date.parse(b.issuedAt))
    .map(({ hostnames }) => [busy, calm, late].find((each) => hostnames[0]?.startsWith(each)) ?? '');
}

describe('thirty certificates of one namespace and four of another, with two tokens of one user', () => {
  test('are issued in turns, without one 429, and whoever comes late waits for one turn of each', async () => {
    await time.pass(MINUTE, 10 * SECOND); // The checks of the issuers are paid.
    await createCertificates(busy, 30);
    await time.idle();
    const expected = (await time.metrics()).get('originca_queue_expected_seconds') ?? 0;
    expect(expected).toBeGreaterThan(10);
    expect(expected).toBeLessThan(60);
    expect((await issuedIn(busy)).length).toBeLessThan(30);

    await createCertificates(calm, 4);
    await time.pass(6 * SECOND, SECOND);
    await createCertificates(late, 1);
    await time.idle(); // What was under way as it came is not a turn that it waits for.
    const before = (await order()).length;
    await time.pass(2 * MINUTE, SECOND, async () => (await order()).length === 35);

    const made = await order();
    expect(made.indexOf(late) - before).toBeLessThanOrEqual(2);
    const fromCalm = made.indexOf(calm);
    // While both had work, neither had two turns more than the other.
    const shared = made.slice(fromCalm, made.lastIndexOf(calm) + 1).filter((each) => each !== late);
    expect(shared.filter((each) => each === busy).length).toBeLessThanOrEqual(5);
    expect(await scene.simulator.requests({ status: 429 })).toEqual([]);
    expect((await time.metrics()).get('originca_queue_expected_seconds')).toBe(0);
  }, 120_000);
});
