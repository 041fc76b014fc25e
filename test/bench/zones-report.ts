import { CLOUDFLARE_PER_5_MIN, type ZoneFigures } from './zones.ts';

/** Zones may have a quarter of what Cloudflare allows a user. */
const SHARE = 0.25;

/** The requests of zones by operation, and what they are of Cloudflare's limit. */
export function zoneTable({ perZoneAndHour, per5Min, writesPerZoneAndHour }: ZoneFigures): string {
  const total = perZoneAndHour.reduce((sum, [, requests]) => sum + requests, 0);
  const rows: readonly (readonly [string, string])[] = [
    ...perZoneAndHour.map(([operation, requests]) => [`  ${operation}`, requests.toFixed(2)] as const),
    ['  together', total.toFixed(2)],
    ['writes to the API server per zone and hour', writesPerZoneAndHour.toFixed(2)],
    ['requests of all zones in 5 minutes, on average', shareOf(per5Min.mean)],
    ['requests of all zones in 5 minutes, the most', shareOf(per5Min.most)],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
  return ['requests to Cloudflare per zone and hour', ...lines].join('\n');
}

function shareOf(requests: number): string {
  const share = requests / CLOUDFLARE_PER_5_MIN;
  const verdict = share <= SHARE ? 'ok' : 'over';
  return `${requests.toFixed(1)}, ${(share * 100).toFixed(1)} % of ${CLOUDFLARE_PER_5_MIN} (bound ≤ ${SHARE * 100} %: ${verdict})`;
}
