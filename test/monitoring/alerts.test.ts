import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, inject, test } from 'vitest';
import { kustomizeBuild } from '../support/kustomize.ts';
import { promtoolFiles } from '../support/prometheus-cases.ts';
import { RULES } from '../support/prometheus-rules.ts';
import { outputOf } from '../support/output-of.ts';

const { promtool } = inject('monitoring');

test('promtool finds nothing to say against the rules', async () => {
  const said = await outputOf(promtool, [
    'check',
    'rules',
    '--lint=all',
    '--lint-fatal',
    fileURLToPath(RULES),
  ]);
  expect(said).toContain('SUCCESS');
});

test.each((await promtoolFiles()).map((path) => [basename(path), path]))(
  'the alerts fire when they should, and only then: %s',
  async (_, path) => {
    expect(await outputOf(promtool, ['test', 'rules', path])).toContain('SUCCESS');
  },
);

test('kustomize builds the objects for the Prometheus operator', async () => {
  const objects = await kustomizeBuild('deploy/monitoring');
  expect(objects.map(({ kind }) => kind).toSorted()).toEqual(['PodMonitor', 'PrometheusRule']);
});
