import { isIP } from 'node:net';
import { normalizeHostname } from '../api/hostname.ts';
import { blockList } from './guard.ts';

/** As published at cloudflare.com/ips. Origins behind them are other edges, reached inside Cloudflare's network. */
export const CLOUDFLARE_CIDRS: readonly string[] = [
  '173.245.48.0/20',
  '103.21.244.0/22',
  '103.22.200.0/22',
  '103.31.4.0/22',
  '141.101.64.0/18',
  '108.162.192.0/18',
  '190.93.240.0/20',
  '188.114.96.0/20',
  '197.234.240.0/22',
  '198.41.128.0/17',
  '162.158.0.0/15',
  '104.16.0.0/13',
  '104.24.0.0/14',
  '172.64.0.0/13',
  '131.0.72.0/22',
  '2400:cb00::/32',
  '2606:4700::/32',
  '2803:f800::/32',
  '2405:b500::/32',
  '2405:8100::/32',
  '2a06:98c0::/29',
  '2c0f:f248::/32',
];

/** Written into records that only Workers and redirects answer: nothing is ever behind them. */
const PLACEHOLDER_CIDRS = ['100::/64', '192.0.2.0/24'];

/** Products of Cloudflare's that answer themselves. */
const CLOUDFLARE_HOSTS = [
  'cfargotunnel.com',
  'pages.dev',
  'workers.dev',
  'r2.dev',
  'r2.cloudflarestorage.com',
];

const cloudflare = blockList(CLOUDFLARE_CIDRS);
const placeholders = blockList(PLACEHOLDER_CIDRS);

/** Whether the address is Cloudflare's own. */
export function isCloudflareAddress(ip: string): boolean {
  return isIP(ip) !== 0 && cloudflare.check(ip, isIP(ip) === 4 ? 'ipv4' : 'ipv6');
}

/** Whether a DNS record with this content has no origin behind it that could present a certificate. */
export function isNoOriginContent(type: string, content: string): boolean {
  if (type === 'CNAME') {
    const name = normalizeHostname(content);
    return CLOUDFLARE_HOSTS.some((host) => name === host || name.endsWith(`.${host}`));
  }
  return isCloudflareAddress(content) || isPlaceholder(content);
}

function isPlaceholder(ip: string): boolean {
  return isIP(ip) !== 0 && placeholders.check(ip, isIP(ip) === 4 ? 'ipv4' : 'ipv6');
}
