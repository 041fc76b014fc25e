import { escape, Family } from './object-series.ts';

/** What the series of one zone's slow check are made of. */
export interface SlowCheckSeries {
  /** The zone's name at Cloudflare. */
  readonly zone: string;
  /** Several accounts may hold a zone of one name. */
  readonly zoneId: string;
  /** Certificates in use when the last listing came that was believed. */
  readonly checked: number;
  /** Of these: absent from it, and not known to be in force or revoked. */
  readonly suspected: number;
  /** Whether the last complete listing was not believed. */
  readonly isDistrusted: boolean;
  /** When it was first seen in use by this process, ms since the epoch. */
  readonly usedSince: number;
  /** When the last listing came that was believed, ms since the epoch; undefined before the first. */
  readonly checkedAt: number | undefined;
}

/** The series of the slow check as Prometheus text, written out at each scrape. */
export function slowCheckSeries(checks: Iterable<SlowCheckSeries>): string {
  const certificates = new Family(
    'originca_slow_check_certificates',
    'Certificates in use by what the last listing of their zone said of them.',
  );
  const distrusted = new Family(
    'originca_slow_check_distrusted',
    'Whether the last listing of the zone lacked so much that it was not believed.',
  );
  const success = new Family(
    'originca_slow_check_last_success_timestamp_seconds',
    'When the last listing of the zone came that was believed; before the first, since when it is in use here.',
  );
  for (const { zone, zoneId, checked, suspected, isDistrusted, usedSince, checkedAt } of checks) {
    const label = `zone="${escape(zone)}",zone_id="${escape(zoneId)}"`;
    distrusted.add(label, isDistrusted ? 1 : 0);
    success.addTime(label, checkedAt ?? usedSince);
    if (checkedAt === undefined) continue;
    certificates.add(`${label},state="checked"`, checked);
    certificates.add(`${label},state="suspected"`, suspected);
  }
  return [certificates, distrusted, success].join('');
}
