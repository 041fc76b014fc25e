import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { ZoneCounters } from '../../../src/telemetry/zone-counters.ts';
import { type ZoneSeries, zoneSeries } from '../../../src/telemetry/zone-series.ts';

const NOT_AFTER = Date.parse('2027-02-19T12:00:00Z');

/** The samples of one zone, without help, types and the zone's label. */
function samples(change: Partial<ZoneSeries> = {}): string[] {
  const text = zoneSeries([{ name: 'example.com', ready: 'True', settings: [], origins: [], ...change }]);
  return text
    .split('\n')
    .flatMap((line) => (line.startsWith('originca') ? [line.replace('zone="example.com",', '')] : []));
}

describe('the series of a zone', () => {
  test('tell each status of Ready, and nothing that is not known', () => {
    expect(samples()).toEqual([
      'originca_zone_ready_status{condition="True"} 1',
      'originca_zone_ready_status{condition="False"} 0',
      'originca_zone_ready_status{condition="Unknown"} 0',
    ]);
  });

  test('tell settings, mode, origins, certificates and the end of the client certificate', () => {
    const found = samples({
      settings: [
        { name: 'ssl', inSync: true },
        { name: 'tls13', inSync: false },
      ],
      ssl: 'full',
      origins: [{ result: 'Valid', count: 3 }],
      certificates: { total: 9, managed: 4, twin: 1, unknown: undefined },
      originPullNotAfter: NOT_AFTER,
    });
    expect(found).toEqual(
      expect.arrayContaining([
        'originca_zone_setting_in_sync{setting="ssl"} 1',
        'originca_zone_setting_in_sync{setting="tls13"} 0',
        'originca_zone_ssl_mode{mode="full"} 1',
        'originca_zone_ssl_mode{mode="strict"} 0',
        'originca_zone_origins{result="Valid"} 3',
        'originca_zone_certificates{state="total"} 9',
        'originca_zone_certificates{state="twin"} 1',
        `originca_zone_origin_pull_not_after_timestamp_seconds{zone="example.com"} ${NOT_AFTER / 1000}`,
      ]),
    );
    expect(found.filter((line) => line.includes('state='))).toHaveLength(3);
  });
});

describe('the counters of a zone', () => {
  test('begin at 0, count by setting, and go with the zone', async () => {
    const registry = new Registry();
    const counters = new ZoneCounters(registry);
    const read = async (): Promise<string[]> =>
      (await registry.metrics()).split('\n').filter((line) => line.startsWith('originca'));
    counters.show('example.com', ['ssl']);
    counters.show('example.com', ['ssl', 'tls13']);
    counters.drift('example.com', 'ssl');
    counters.drift('example.com', 'ssl');
    counters.restore('example.org', 'ssl');
    expect(await read()).toEqual([
      'originca_zone_drift_total{zone="example.com",setting="ssl"} 2',
      'originca_zone_drift_total{zone="example.com",setting="tls13"} 0',
      'originca_zone_drift_total{zone="example.org",setting="ssl"} 0',
      'originca_zone_restore_total{zone="example.com",setting="ssl"} 0',
      'originca_zone_restore_total{zone="example.com",setting="tls13"} 0',
      'originca_zone_restore_total{zone="example.org",setting="ssl"} 1',
    ]);
    counters.forget('example.com');
    expect((await read()).every((line) => line.includes('example.org'))).toBe(true);
  });
});
