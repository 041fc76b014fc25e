import { createHash } from 'node:crypto';
import type { PublicRoute } from './route.ts';

const IPV4 = [
  '173.245.48.0/20',
  '103.21.244.0/22',
  '141.101.64.0/18',
  '108.162.192.0/18',
  '104.16.0.0/13',
  '131.0.72.0/22',
];
const IPV6 = ['2400:cb00::/32', '2606:4700::/32', '2803:f800::/32', '2405:b500::/32', '2a06:98c0::/29'];
const JDCLOUD = ['36.110.63.0/24'];

/** Cloudflare's own address ranges (some of them), for everybody. */
export const ipsRoute: PublicRoute = {
  operation: 'ips',
  method: 'GET',
  path: '/ips',
  handle: (query) => {
    const ranges = {
      ipv4_cidrs: IPV4,
      ipv6_cidrs: IPV6,
      ...(query['networks'] === 'jdcloud' && { jdcloud_cidrs: JDCLOUD }),
    };
    const etag = createHash('md5').update(JSON.stringify(ranges)).digest('hex');
    return { result: { etag, ...ranges } };
  },
};
