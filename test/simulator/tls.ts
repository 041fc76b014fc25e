import { createPair, type Pair } from './ca/pair.ts';

const LIFETIME_MS = 365 * 86_400_000;

/** What the HTTPS server presents on loopback, and the CA that its clients must trust. */
export function createServerIdentity(): Promise<Pair> {
  return createPair({
    caName: 'CN=Cloudflare simulator TLS CA',
    name: 'CN=localhost',
    usage: 'servers',
    alternativeNames: [
      { type: 'dns', value: 'localhost' },
      { type: 'ip', value: '127.0.0.1' },
      { type: 'ip', value: '::1' },
    ],
    lifetimeMs: LIFETIME_MS,
  });
}
