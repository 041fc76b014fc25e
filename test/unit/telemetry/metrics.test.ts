import { beforeEach, describe, expect, test } from 'vitest';
import { Metrics, type MetricsOptions } from '../../../src/telemetry/metrics.ts';
import type { CertificateSeries, IssuerSeries } from '../../../src/telemetry/object-series.ts';

let leading: boolean;
let certificates: CertificateSeries[];
let issuers: IssuerSeries[];
beforeEach(() => {
  leading = true;
  certificates = [];
  issuers = [];
});

function make(options: Partial<MetricsOptions> = {}): Metrics {
  return new Metrics({
    version: '1.2.3',
    leaseName: 'origin-ca-operator',
    isLeader: () => leading,
    certificates: () => certificates,
    issuers: () => issuers,
    zones: () => [],
    slowChecks: () => [],
    roots: [{ name: 'A Root', notAfter: 1_881_507_600_000 }],
    budgetRemaining: () => 42,
    queueExpectedMs: () => 3_300_000,
    clockReadings: () => [{ source: 'cloudflare', skewMs: -1500 }],
    ...options,
  });
}

/** All that a scrape gets. */
async function textOf(metrics: Metrics): Promise<string> {
  return [...(await metrics.scrape())].join('');
}

/** The lines of the metrics whose names begin so, without help and types. */
async function lines(metrics: Metrics, prefix: string): Promise<string[]> {
  return (await textOf(metrics)).split('\n').filter((line) => line.startsWith(prefix));
}

const NOT_AFTER = Date.parse('2027-02-19T12:00:00Z');

describe('the series of objects', () => {
  test('tell what origins serve only where somebody looks, and why a person is needed only while one is', async () => {
    certificates = [
      { namespace: 'shop', name: 'plain', ready: 'True' },
      { namespace: 'shop', name: 'old', ready: 'True', served: 'False' },
      { namespace: 'shop', name: 'stuck', ready: 'False', stalledReason: 'IssuanceLoop' },
    ];
    const told = [
      ...(await lines(make(), 'originca_certificate_served')),
      ...(await lines(make(), 'originca_certificate_stalled')),
    ];
    expect(told).toEqual([
      'originca_certificate_served_status{namespace="shop",name="old",condition="True"} 0',
      'originca_certificate_served_status{namespace="shop",name="old",condition="False"} 1',
      'originca_certificate_served_status{namespace="shop",name="old",condition="Unknown"} 0',
      'originca_certificate_stalled{namespace="shop",name="stuck",reason="IssuanceLoop"} 1',
    ]);
  });

  test('tell what a certificate is, each status of Ready included', async () => {
    certificates = [
      {
        namespace: 'shop',
        name: 'web',
        ready: 'True',
        notBefore: 1000,
        notAfter: NOT_AFTER,
        rootNotAfter: 8000,
        renewal: 5500,
      },
    ];
    expect(await lines(make(), 'originca_certificate_')).toEqual(
      expect.arrayContaining([
        'originca_certificate_ready_status{namespace="shop",name="web",condition="True"} 1',
        'originca_certificate_ready_status{namespace="shop",name="web",condition="False"} 0',
        'originca_certificate_ready_status{namespace="shop",name="web",condition="Unknown"} 0',
        'originca_certificate_not_before_timestamp_seconds{namespace="shop",name="web"} 1',
        `originca_certificate_not_after_timestamp_seconds{namespace="shop",name="web"} ${NOT_AFTER / 1000}`,
        'originca_certificate_root_not_after_timestamp_seconds{namespace="shop",name="web"} 8',
        'originca_certificate_renewal_timestamp_seconds{namespace="shop",name="web"} 5.5',
      ]),
    );
  });

  test('tell since when attempts fail and why, while they do', async () => {
    certificates = [
      { namespace: 'shop', name: 'web', ready: 'False', failingSince: 2000, failureReason: 'RateLimited' },
    ];
    const metrics = make();
    expect(await lines(metrics, 'originca_certificate_failing')).toEqual([
      'originca_certificate_failing_since_timestamp_seconds{namespace="shop",name="web",reason="RateLimited"} 2',
    ]);
    certificates = [{ namespace: 'shop', name: 'web', ready: 'False' }];
    expect(await textOf(metrics)).not.toContain('originca_certificate_failing');
  });

  test('tell of both kinds of issuer', async () => {
    issuers = [
      { kind: 'OriginIssuer', namespace: 'shop', name: 'cf', ready: 'False', tokenExpires: 9000 },
      { kind: 'ClusterOriginIssuer', namespace: '', name: 'cf', ready: 'Unknown' },
    ];
    expect(await lines(make(), 'originca_issuer_')).toEqual([
      'originca_issuer_ready_status{kind="OriginIssuer",namespace="shop",name="cf",condition="True"} 0',
      'originca_issuer_ready_status{kind="OriginIssuer",namespace="shop",name="cf",condition="False"} 1',
      'originca_issuer_ready_status{kind="OriginIssuer",namespace="shop",name="cf",condition="Unknown"} 0',
      'originca_issuer_ready_status{kind="ClusterOriginIssuer",namespace="",name="cf",condition="True"} 0',
      'originca_issuer_ready_status{kind="ClusterOriginIssuer",namespace="",name="cf",condition="False"} 0',
      'originca_issuer_ready_status{kind="ClusterOriginIssuer",namespace="",name="cf",condition="Unknown"} 1',
      'originca_issuer_token_expiration_timestamp_seconds{kind="OriginIssuer",namespace="shop",name="cf"} 9',
    ]);
  });

  test('end with their object, and with the lease', async () => {
    certificates = [{ namespace: 'shop', name: 'web', ready: 'True', notAfter: NOT_AFTER }];
    const metrics = make();
    leading = false;
    expect(await lines(metrics, 'originca_certificate_ready')).toEqual([]);
    leading = true;
    expect(await lines(metrics, 'originca_certificate_ready')).toHaveLength(3);
    certificates = [];
    expect(await lines(metrics, 'originca_certificate_ready')).toEqual([]);
  });

  test('of ten thousand objects come in small pieces, each metric in one group with its head once', async () => {
    certificates = Array.from({ length: 10_000 }, (_, index) => ({
      namespace: `team-${index % 200}`,
      name: `web-${index}`,
      ready: 'True',
      notAfter: NOT_AFTER,
      // Only some: a metric whose first objects have nothing to say still gets its head.
      ...(index > 5000 && { served: 'False' }),
    }));
    const metrics = make();
    const pieces = [...(await metrics.scrape())];
    const [own = '', ...others] = pieces;
    expect(own).toContain('process_cpu_seconds_total');
    expect(Math.max(...others.map(({ length }) => length))).toBeLessThan(200_000);
    const text = others.join('').trimEnd().split('\n');
    const groups = text.map((line) => /^(?:# (?:HELP|TYPE) )?(\w+)/.exec(line)?.[1]);
    const changes = groups.filter((group, index) => group !== groups[index - 1]);
    expect(changes).toEqual([
      'originca_certificate_ready_status',
      'originca_certificate_served_status',
      'originca_certificate_not_after_timestamp_seconds',
    ]);
    expect(text.filter((line) => line.startsWith('#'))).toHaveLength(6);
    expect(text).toHaveLength(6 + 3 * 10_000 + 3 * 4999 + 10_000);
    expect(new Set(text).size).toBe(text.length);
  });

  test('cannot be broken out of by an odd label value', async () => {
    certificates = [{ namespace: 'a"b\\c\nd', name: 'n', ready: 'True' }];
    const [line] = await lines(make(), 'originca_certificate_ready');
    expect(line).toContain('namespace="a\\"b\\\\c\\nd"');
  });
});

describe('the counters', () => {
  test('are there from the start, as 0', async () => {
    const metrics = make();
    metrics.controllers.hooks('certificate');
    const text = await textOf(metrics);
    for (const line of [
      'originca_certificate_issuance_total{outcome="issued"} 0',
      'originca_revocation_total{outcome="abandoned"} 0',
      'originca_cloudflare_requests_total{operation="create_certificate",outcome="success"} 0',
      'originca_cloudflare_request_duration_seconds_count{operation="create_certificate"} 0',
      'controller_runtime_reconcile_total{controller="certificate",result="error"} 0',
      'controller_runtime_reconcile_errors_total{controller="certificate"} 0',
      'workqueue_adds_total{name="certificate",controller="certificate"} 0',
    ]) {
      expect(text.split('\n')).toContain(line);
    }
  });

  test('count what they are told', async () => {
    const metrics = make();
    metrics.issuance('issued');
    metrics.revocation('kept');
    metrics.cloudflareRequest({ operation: 'list_zones', outcome: 'NotFound', seconds: 0.3 });
    const text = (await textOf(metrics)).split('\n');
    expect(text).toContain('originca_certificate_issuance_total{outcome="issued"} 1');
    expect(text).toContain('originca_revocation_total{outcome="kept"} 1');
    expect(text).toContain('originca_cloudflare_requests_total{operation="list_zones",outcome="NotFound"} 1');
    expect(text).toContain(
      'originca_cloudflare_request_duration_seconds_bucket{le="0.5",operation="list_zones"} 1',
    );
    expect(text).toContain(
      'originca_cloudflare_request_duration_seconds_bucket{le="0.25",operation="list_zones"} 0',
    );
  });
});

describe('the process', () => {
  test('tells its version, its lease, its roots, its budget and its clock', async () => {
    const metrics = make();
    expect(await lines(metrics, 'originca_build_info')).toEqual([
      `originca_build_info{version="1.2.3",node_version="${process.versions.node}"} 1`,
    ]);
    expect(await lines(metrics, 'leader_election')).toEqual([
      'leader_election_master_status{name="origin-ca-operator"} 1',
    ]);
    leading = false;
    expect(await lines(metrics, 'leader_election')).toEqual([
      'leader_election_master_status{name="origin-ca-operator"} 0',
    ]);
    expect(await lines(metrics, 'originca_root')).toEqual([
      'originca_root_not_after_timestamp_seconds{root="A Root"} 1881507600',
    ]);
    expect(await lines(metrics, 'originca_cloudflare_budget')).toEqual([
      'originca_cloudflare_budget_remaining 42',
    ]);
    expect(await lines(metrics, 'originca_clock')).toEqual([
      'originca_clock_skew_seconds{source="kubernetes"} 0',
      'originca_clock_skew_seconds{source="cloudflare"} -1.5',
    ]);
    expect(await lines(metrics, 'process_resident_memory_bytes')).toHaveLength(1);
    expect(await lines(metrics, 'nodejs_eventloop_lag')).toEqual([
      expect.stringMatching(/^nodejs_eventloop_lag_seconds \d/),
    ]);
  });

  test('without a limit has an endless budget', async () => {
    expect(await lines(make({}), 'originca_queue')).toEqual(['originca_queue_expected_seconds 3300']);
    expect(await lines(make({ budgetRemaining: () => Infinity }), 'originca_cloudflare_budget')).toEqual([
      'originca_cloudflare_budget_remaining +Inf',
    ]);
  });

  test('may have two of its kind beside each other, as tests do', () => {
    expect(() => [make(), make()]).not.toThrow();
  });
});

describe('queue and reconcile', () => {
  test('are counted under the names of controller-runtime', async () => {
    const metrics = make();
    const hooks = metrics.controllers.hooks('certificate');
    hooks.onAdd();
    hooks.onAdd();
    hooks.onTake('a/b', 20);
    hooks.onDone('a/b', 300);
    hooks.onRetry();
    metrics.controllers.reconciled({ controller: 'certificate', result: 'requeue_after', durationMs: 300 });
    metrics.controllers.reconciled({ controller: 'certificate', result: 'error', durationMs: 10 });
    metrics.controllers.reconciled({ controller: 'certificate', result: 'aborted', durationMs: 10 });
    const text = (await textOf(metrics)).split('\n');
    const queue = 'name="certificate",controller="certificate"';
    for (const line of [
      `workqueue_adds_total{${queue}} 2`,
      `workqueue_retries_total{${queue}} 1`,
      `workqueue_queue_duration_seconds_sum{${queue}} 0.02`,
      `workqueue_work_duration_seconds_sum{${queue}} 0.3`,
      'controller_runtime_reconcile_total{controller="certificate",result="requeue_after"} 1',
      'controller_runtime_reconcile_total{controller="certificate",result="error"} 1',
      'controller_runtime_reconcile_errors_total{controller="certificate"} 1',
      'controller_runtime_reconcile_time_seconds_count{controller="certificate"} 2',
    ]) {
      expect(text).toContain(line);
    }
  });

  test('go on counting when a controller is made anew, after a lost lease', async () => {
    const metrics = make();
    for (const queuedMs of [20, 30]) {
      const hooks = metrics.controllers.hooks('certificate');
      hooks.onAdd();
      hooks.onTake('a/b', queuedMs);
      metrics.controllers.reconciled({ controller: 'certificate', result: 'error', durationMs: 10 });
    }
    const text = (await textOf(metrics)).split('\n');
    const queue = 'name="certificate",controller="certificate"';
    for (const line of [
      `workqueue_adds_total{${queue}} 2`,
      `workqueue_queue_duration_seconds_sum{${queue}} 0.05`,
      'controller_runtime_reconcile_errors_total{controller="certificate"} 2',
    ]) {
      expect(text).toContain(line);
    }
  });

  test('are looked at when somebody scrapes, where several follow one another the last of them', async () => {
    const metrics = make();
    const before = { length: 1, unfinishedMs: () => [] };
    metrics.controllers.watch({
      name: 'issuer',
      queue: before,
      controller: { activeWorkers: 0 },
      maxConcurrent: 4,
    });
    const queue = { length: 7, unfinishedMs: () => [1000, 2500] };
    metrics.controllers.watch({ name: 'issuer', queue, controller: { activeWorkers: 2 }, maxConcurrent: 4 });
    const labels = 'name="issuer",controller="issuer"';
    expect(await lines(metrics, 'workqueue_depth')).toEqual([`workqueue_depth{${labels}} 7`]);
    expect(await lines(metrics, 'workqueue_unfinished')).toEqual([
      `workqueue_unfinished_work_seconds{${labels}} 3.5`,
    ]);
    expect(await lines(metrics, 'workqueue_longest')).toEqual([
      `workqueue_longest_running_processor_seconds{${labels}} 2.5`,
    ]);
    expect(await lines(metrics, 'controller_runtime_active_workers')).toEqual([
      'controller_runtime_active_workers{controller="issuer"} 2',
    ]);
    expect(await lines(metrics, 'controller_runtime_max')).toEqual([
      'controller_runtime_max_concurrent_reconciles{controller="issuer"} 4',
    ]);
  });
});
