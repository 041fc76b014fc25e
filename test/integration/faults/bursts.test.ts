import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ANNOTATION } from '../../../src/api/names.ts';
import type { Fault, Match } from '../../proxy/faults.ts';
import { FaultProxy } from '../../proxy/proxy.ts';
import { type ProxiedOperator, proxied } from '../../support/proxied.ts';
import { trust } from '../../support/scene-operator.ts';
import { Scene } from '../../support/scene.ts';
import { waitFor } from '../../support/wait.ts';
import { idIn } from '../certificate/pairs.ts';

/** What an API server answers when it has too much to do, is broken, or is asked to write by two at once. */
const BURSTS: readonly { readonly what: string; readonly fault: Fault; readonly match: Match }[] = [
  { what: '429', fault: { type: 'status', status: 429, retryAfterSeconds: 1 }, match: {} },
  { what: '429 without a time', fault: { type: 'status', status: 429 }, match: {} },
  { what: '500', fault: { type: 'status', status: 500 }, match: {} },
  { what: '503 to reads', fault: { type: 'status', status: 503 }, match: { method: 'GET' } },
  { what: 'conflict to patches', fault: { type: 'status', status: 409 }, match: { method: 'PATCH' } },
  { what: 'conflict to creations', fault: { type: 'status', status: 409 }, match: { method: 'POST' } },
  {
    what: 'a write done, its answer lost',
    fault: { type: 'reset', when: 'after' },
    match: { method: 'PATCH' },
  },
];
/** How many requests in a row meet it: more than a pass sends. */
const LENGTH = 12;
const EACH = 4;

let scene: Scene;
let front: ProxiedOperator;
let cloudflare: FaultProxy;

beforeAll(async () => {
  scene = await Scene.start('bursts');
  await scene.createIssuer();
  front = await proxied();
  const { apiUrl, caFile, dir } = scene.simulator;
  cloudflare = await FaultProxy.start({ upstream: apiUrl, ca: await readFile(caFile) });
  const proxyCaFile = join(dir, 'proxy-ca.pem');
  await writeFile(proxyCaFile, cloudflare.ca);
  await trust(proxyCaFile);
  await scene.startOperator({ kubeconfig: front.kubeconfig, baseUrl: cloudflare.url });
});

afterAll(async () => {
  await scene[Symbol.asyncDispose]();
  await front[Symbol.asyncDispose]();
  await cloudflare.close();
});

const hostnameOf = (name: string): string => `${name}.example.com`;

async function apply(name: string, annotations: Readonly<Record<string, string>> = {}): Promise<void> {
  await scene.applyCertificate(name, { hostnames: [hostnameOf(name)] }, annotations);
}

/** Waits until it serves its `count`th certificate and nothing is under way; then no more were ever issued. */
async function servesItsOnly(name: string, count: number): Promise<void> {
  const issued = (): ReturnType<Scene['issued']> =>
    scene.simulator.certificates({ hostname: hostnameOf(name) });
  await waitFor(
    `${name} to serve certificate ${count}`,
    async () => {
      await scene.settled(name);
      const id = idIn(await scene.secret(`${name}-tls`));
      return (await issued()).findIndex((certificate) => certificate.id === id) === count - 1;
    },
    { timeoutMs: 120_000 },
  );
  expect(await issued()).toHaveLength(count);
}

/** Answers so at once, and again when Cloudflare has answered a request for a certificate. */
function strikeTwice({ fault, match }: (typeof BURSTS)[number]): void {
  const strike = (): void => void front.proxy.inject({ fault, match, count: LENGTH });
  strike();
  cloudflare.gate = async ({ when, method }) => {
    if (when === 'after' && method === 'POST') {
      cloudflare.gate = undefined;
      front.proxy.clear();
      strike();
    }
    return 'pass';
  };
}

let needs = 0;
let asked = 0;
afterAll(() => console.log(`${needs} issuances: ${asked} POSTs`));

describe('in bursts the API server answers', () => {
  test.each(BURSTS)(
    '$what: each certificate is issued once, and renewed once',
    { timeout: 240_000 },
    async (burst) => {
      const names = Array.from({ length: EACH }, (_, index) => `burst-${BURSTS.indexOf(burst)}-${index}`);
      const met = (): number => front.proxy.requests.filter((request) => request.fault !== undefined).length;
      front.proxy.forget();
      strikeTwice(burst);
      await Promise.all(names.map((name) => apply(name)));
      await Promise.all(names.map((name) => servesItsOnly(name, 1)));
      strikeTwice(burst);
      await Promise.all(names.map((name) => apply(name, { [ANNOTATION.renewRequestedAt]: 'now' })));
      await Promise.all(names.map((name) => servesItsOnly(name, 2)));
      expect(met()).toBeGreaterThan(LENGTH);
      const posts = cloudflare.requests.filter(({ method }) => method === 'POST');
      expect(posts).toHaveLength(2 * EACH);
      needs += 2 * EACH;
      asked += posts.length;
      cloudflare.forget();
      front.proxy.clear();
    },
  );
});
