import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signedPair } from '../integration/certificate/pairs.ts';
import { Prometheus } from '../support/prometheus.ts';
import { readRules, type RuleFile } from '../support/prometheus-rules.ts';
import { Scene } from '../support/scene.ts';
import { NotYet, waitFor } from '../support/wait.ts';

const MINUTE_MS = 60_000;
const WAIT = { timeoutMs: 30_000, intervalMs: 250 };

let scene: Scene;
let prometheus: Prometheus;

beforeAll(async () => {
  scene = await Scene.start('alerts');
  await scene.createIssuer();
  const operator = await scene.startOperator();
  await scene.applyCertificate('web');
  await scene.settled('web');
  prometheus = await Prometheus.start({ target: operator.metricsPort, rules: hurried(await readRules()) });
});

afterAll(async () => {
  await prometheus[Symbol.asyncDispose]();
  await scene[Symbol.asyncDispose]();
});

describe('a Prometheus with the rules of deploy/monitoring that scrapes the operator', () => {
  test(
    'is silent while all is well, fires while a certificate nears its end and cannot be renewed, and falls silent again',
    { timeout: 4 * WAIT.timeoutMs + 10_000 },
    async () => {
      await waitFor('the rules to see the certificate', seesTheCertificate, WAIT);
      await waitFor('silence', silence, WAIT);

      await scene.simulator.inject({ operation: 'createCertificate', status: 503, html: true, count: 0 });
      await plantPair({ livesMs: 62 * MINUTE_MS, leftMs: 2 * MINUTE_MS });
      const names = ['Expiring', 'NearlyExpired', 'RenewalFailing'].map((end) => `OriginCertificate${end}`);
      await waitFor(`${names.join(', ')} to fire`, () => fires(names), WAIT);
      const loudest = (await prometheus.alerts()).find(({ labels }) => labels['severity'] === 'critical');
      expect(loudest?.labels).toMatchObject({ namespace: scene.namespace, name: 'web' });
      expect(loudest?.annotations['description']).toContain(`-n ${scene.namespace} describe ocert web`);

      await scene.simulator.clearFaults();
      await waitFor('silence after the renewal', silence, WAIT);
    },
  );
});

/** The shipped rules, with every alert told after a second instead of after its `for`. */
function hurried({ groups }: RuleFile): RuleFile {
  return {
    groups: groups.map((group) => ({
      ...group,
      rules: group.rules.map((rule) => ('for' in rule ? { ...rule, for: '1s' } : rule)),
    })),
  };
}

/** Puts a pair that Cloudflare signed long ago into the managed Secret. */
async function plantPair({ livesMs, leftMs }: { livesMs: number; leftMs: number }): Promise<void> {
  const end = Math.floor(Date.now() / 1000) * 1000 + leftMs;
  const dates = { notBefore: new Date(end - livesMs).toISOString(), notAfter: new Date(end).toISOString() };
  const { data } = await signedPair(scene, { hostnames: ['example.com'], ...dates });
  await scene.patchSecret('web-tls', { data });
}

async function seesTheCertificate(): Promise<true | NotYet> {
  const names = await prometheus.metricNames();
  if (names.includes('originca:certificate_lifetime_left:ratio')) return true;
  return new NotYet({ names, scrapeError: await prometheus.scrapeError() });
}

async function fires(names: readonly string[]): Promise<true | NotYet> {
  const alerts = await prometheus.alerts();
  const firing = new Set(
    alerts.filter(({ state }) => state === 'firing').map(({ labels }) => labels['alertname']),
  );
  return names.every((name) => firing.has(name)) || new NotYet(alerts);
}

/** No alert at all: the operator sees this test's namespace only. */
async function silence(): Promise<true | NotYet> {
  const alerts = await prometheus.alerts();
  return alerts.length === 0 || new NotYet(alerts);
}
