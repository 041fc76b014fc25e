import { escape, Family, type ReadyStatus } from './object-series.ts';

/** What the series of one OriginZone are made of. */
export interface ZoneSeries {
  /** Of the object, which no other zone's has. */
  readonly name: string;
  readonly ready: ReadyStatus;
  readonly settings: readonly { readonly name: string; readonly inSync: boolean }[];
  /** The mode at Cloudflare; absent until it was read. */
  readonly ssl?: string | undefined;
  readonly origins: readonly { readonly result: string; readonly count: number }[];
  /** Origin CA certificates of the zone by state; absent until they were listed. */
  readonly certificates?: Readonly<Partial<Record<CertificateState, number | undefined>>> | undefined;
  /** Milliseconds since the Unix epoch. */
  readonly originPullNotAfter?: number | undefined;
}

const CERTIFICATE_STATES = ['total', 'managed', 'expiring', 'twin', 'unknown'] as const;
export type CertificateState = (typeof CERTIFICATE_STATES)[number];

const SSL_MODES = ['off', 'flexible', 'full', 'strict', 'origin_pull'] as const;

/** The series of all OriginZones as Prometheus text, written out at each scrape. */
export function zoneSeries(zones: Iterable<ZoneSeries>): string {
  const ready = new Family(
    'originca_zone_ready_status',
    'Whether Ready has this status: 1 for the one it has.',
  );
  const inSync = new Family(
    'originca_zone_setting_in_sync',
    'Whether the setting is as asked for, or stricter.',
  );
  const mode = new Family('originca_zone_ssl_mode', 'The SSL mode at Cloudflare: 1 for the one it is.');
  const origins = new Family('originca_zone_origins', 'Origins (hostname and address) by what they serve.');
  const certificates = new Family(
    'originca_zone_certificates',
    'Origin CA certificates of the zone by state.',
  );
  const originPull = new Family(
    'originca_zone_origin_pull_not_after_timestamp_seconds',
    'When the client certificate ends that Cloudflare shows to origins.',
  );
  for (const zone of zones) {
    const label = `zone="${escape(zone.name)}"`;
    ready.addStatus(label, zone.ready);
    for (const setting of zone.settings)
      inSync.add(`${label},setting="${escape(setting.name)}"`, setting.inSync ? 1 : 0);
    if (zone.ssl !== undefined)
      for (const each of SSL_MODES) mode.add(`${label},mode="${each}"`, zone.ssl === each ? 1 : 0);
    for (const { result, count } of zone.origins) origins.add(`${label},result="${escape(result)}"`, count);
    for (const state of CERTIFICATE_STATES) {
      const count = zone.certificates?.[state];
      if (count !== undefined) certificates.add(`${label},state="${state}"`, count);
    }
    originPull.addTime(label, zone.originPullNotAfter);
  }
  return [ready, inSync, mode, origins, certificates, originPull].join('');
}
