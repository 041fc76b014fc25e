import { spawnSync } from 'node:child_process';
import { request } from 'undici';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { readRules } from '../support/prometheus-rules.ts';
import { Scene } from '../support/scene.ts';

/** Names that the Node.js metrics of prom-client have had for ever; dashboards know them. */
const NOT_OURS = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

/**
 * What this scene need not show: it has no OriginZone, so no probe either, nothing that is stalled,
 * and no zone was checked yet.
 */
const NOT_HERE = new Set([
  'originca_certificate_served_status',
  'originca_certificate_stalled',
  'originca_slow_check_distrusted',
  'originca_slow_check_last_success_timestamp_seconds',
  'originca_zone_certificates',
  'originca_zone_origin_pull_not_after_timestamp_seconds',
  'originca_zone_origins',
  'originca_zone_ready_status',
  'originca_zone_setting_in_sync',
  'originca_zone_ssl_mode',
]);

let scene: Scene;
/** What a scrape gets from an operator with one issuer and one certificate. */
let scraped: string;

beforeAll(async () => {
  scene = await Scene.start('metrics');
  await scene.simulator.updateToken(scene.token.id, { expiresOn: '2099-01-01T00:00:00Z' });
  await scene.createIssuer();
  const operator = await scene.startOperator();
  await scene.applyCertificate('web');
  await scene.settled('web');
  const { body } = await request(`http://127.0.0.1:${operator.metricsPort}/metrics`);
  scraped = await body.text();
});

afterAll(() => scene[Symbol.asyncDispose]());

test('promtool has nothing to say against our metrics', () => {
  const { promtool } = inject('monitoring');
  const { stderr } = spawnSync(promtool, ['check', 'metrics'], { input: scraped, encoding: 'utf8' });
  const about = stderr
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(' ')[0]);
  expect(about).toEqual(NOT_OURS);
});

test('every metric that the rules look at is there, with the labels that they ask for', async () => {
  const used = selectorsOf((await readRules()).groups.flatMap(({ rules }) => rules.map(({ expr }) => expr)));
  const absent = used.filter(({ metric, labels }) => !NOT_HERE.has(metric) && !isThere(metric, labels));
  expect(absent).toEqual([]);
});

interface Selector {
  readonly metric: string;
  readonly labels: readonly string[];
}

/** `metric{label="value"}` in PromQL, without the values. */
function selectorsOf(expressions: readonly string[]): Selector[] {
  const found = expressions.join('\n').matchAll(/\b(originca_\w+|leader_election_\w+)(?:\{([^}]*)\})?/g);
  return Array.from(found, ([, metric = '', matchers = '']) => ({
    metric,
    labels: Array.from(matchers.matchAll(/(\w+)\s*[=!]/g), ([, label = '']) => label),
  }));
}

/** Whether some sample of the metric has all these labels. */
function isThere(metric: string, labels: readonly string[]): boolean {
  const samples = scraped.split('\n').filter((line) => new RegExp(`^${metric}[{ ]`).test(line));
  return samples.some((line) => labels.every((label) => new RegExp(`[{,]${label}="`).test(line)));
}
