import { createPair, type Pair } from './pair.ts';

const LIFETIME_MS = 10 * 365 * 86_400_000;

/**
 * The client certificate that Cloudflare shares among all its customers, and the CA that origins trust for it,
 * with the real CA's name.
 */
export function createOriginPullPair(): Promise<Pair> {
  return createPair({
    caName: [
      { C: ['US'] },
      { O: ['CloudFlare, Inc.'] },
      { OU: ['Origin Pull'] },
      { L: ['San Francisco'] },
      { ST: ['California'] },
      { CN: ['origin-pull.cloudflare.net'] },
    ],
    name: 'C=US, O="CloudFlare, Inc.", OU=Origin Pull, CN=origin-pull.cloudflare.net',
    usage: 'clients',
    lifetimeMs: LIFETIME_MS,
  });
}
