import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { LEASE } from '../../../src/election.ts';
import { type Manifest, readManifests } from '../../support/manifests.ts';
import { alertCases } from '../../support/prometheus-cases.ts';
import {
  alertsOf,
  generatePrometheusRule,
  PROMETHEUS_RULE,
  readRules,
  recordingsOf,
} from '../../support/prometheus-rules.ts';
import { readReadme } from '../../support/readme.ts';

const rules = await readRules();
const alerts = alertsOf(rules);
const readme = await readReadme();

test('the object for the Prometheus operator is what the rules ask for; if not: npm run generate', async () => {
  expect(await readFile(PROMETHEUS_RULE, 'utf8')).toBe(await generatePrometheusRule());
});

describe('every alert', () => {
  test('has a name of its own', () => {
    expect(new Set(alerts.map(({ alert }) => alert)).size).toBe(alerts.length);
    expect(alerts.length).toBeGreaterThan(20);
  });

  test.each(alerts)('$alert says how bad it is, what it means and what to do', ({ labels, annotations }) => {
    expect(['critical', 'warning', 'info']).toContain(labels['severity']);
    expect(Object.keys(annotations).toSorted()).toEqual(['description', 'runbook_url', 'summary']);
  });

  test.each(alerts)('$alert leads to a section of its own in the README', ({ alert, annotations }) => {
    const [, anchor] = annotations['runbook_url']?.split('README.md#') ?? [];
    expect(anchor).toBe(alert.toLowerCase());
    expect(headings(section('## Alerts')).map((heading) => heading.toLowerCase())).toContain(anchor);
  });

  test('stands in the README, and no other', () => {
    expect(headings(section('## Alerts'))).toEqual(alerts.map(({ alert }) => alert));
  });

  test('is tried by promtool both firing and not firing', async () => {
    const cases = await alertCases();
    const tried = (fires: boolean): string[] => [
      ...new Set(
        cases.filter((each) => each.exp_alerts.length > 0 === fires).map(({ alertname }) => alertname),
      ),
    ];
    const names = alerts.map(({ alert }) => alert).toSorted();
    expect(tried(true).toSorted()).toEqual(names);
    expect(tried(false).toSorted()).toEqual(names);
  });
});

test('every metric that the rules look at is one that the README tells', () => {
  const told = section('## Metrics');
  const used = rules.groups.flatMap(({ rules: ofGroup }) =>
    ofGroup.flatMap(({ expr }) => expr.match(/\b(?:originca|leader_election)_\w+/g) ?? []),
  );
  expect([...new Set(used)].filter((name) => !told.includes(`\`${name}\``))).toEqual([]);
});

test('alerts about the leader look at our own Lease alone', () => {
  const about = alerts.filter(({ expr }) => expr.includes('leader_election_master_status'));
  expect(about).toHaveLength(2);
  for (const { expr } of about) expect(expr).toContain(`leader_election_master_status{name="${LEASE}"}`);
});

test('what the rules record is what they use, and every alert stands below it in the same group', () => {
  const recorded = recordingsOf(rules).map(({ record }) => record);
  const used = alerts.flatMap(({ expr }) => expr.match(/\boriginca:[\w:]+/g) ?? []);
  expect([...new Set(used)].toSorted()).toEqual(recorded.toSorted());
  for (const { rules: ofGroup } of rules.groups) {
    const kinds = ofGroup.map((rule) => ('record' in rule ? 'record' : 'alert'));
    expect(kinds).toEqual(kinds.toSorted((a, b) => b.localeCompare(a)));
  }
});

test('the PodMonitor finds the port of the Deployment, and leaves the namespace of a series alone', async () => {
  const [monitor] = (await readManifests('deploy/monitoring/pod-monitor.yaml')) as [PodMonitor];
  const [deployment] = (await readManifests('deploy/base/deployment.yaml')) as [Deployment];
  const { metadata, spec } = deployment.spec.template;
  expect(monitor.metadata.namespace).toBe(deployment.metadata.namespace);
  expect(monitor.spec.selector.matchLabels).toEqual(metadata.labels);
  const [endpoint] = monitor.spec.podMetricsEndpoints;
  expect(endpoint).toMatchObject({ path: '/metrics', honorLabels: true });
  expect(spec.containers.flatMap(({ ports }) => ports.map(({ name }) => name))).toEqual([endpoint?.port]);
});

interface PodMonitor extends Manifest {
  readonly spec: {
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly podMetricsEndpoints: readonly { readonly port: string }[];
  };
}

interface Deployment extends Manifest {
  readonly spec: {
    readonly template: {
      readonly metadata: Pick<Manifest['metadata'], 'labels'>;
      readonly spec: { readonly containers: readonly { readonly ports: readonly { name: string }[] }[] };
    };
  };
}

/** A chapter of the README, up to the next one. */
function section(heading: string): string {
  return readme.split(`\n${heading}\n`)[1]?.split('\n## ')[0] ?? '';
}

function headings(text: string): string[] {
  return [...text.matchAll(/^### (.*)$/gm)].map(([, heading = '']) => heading);
}
