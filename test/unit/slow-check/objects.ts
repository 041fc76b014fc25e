import type { OriginCertificate } from '../../../src/api/v1alpha1.ts';
import type { Zone } from '../../../src/cloudflare/results.ts';
import type { SecretFacts } from '../../../src/secret-facts.ts';
import type { IssuerSession } from '../../../src/sessions.ts';
import type { Cluster } from '../../../src/slow-check/in-use.ts';
import { secretOf } from '../zone/inventory-objects.ts';

export function zoneOf(name: string, id = `id-of-${name}`): Zone {
  return { id, name, status: 'active', paused: false, account: { id: undefined, name: undefined } };
}

/** An issuer whose token works and sees these zones. */
export function sessionOf(
  name: string,
  zones: readonly Zone[],
  inventory: object = {},
  change: Partial<IssuerSession> = {},
): IssuerSession {
  return {
    key: { kind: 'OriginIssuer', namespace: 'web', name },
    uid: `uid-${name}`,
    ready: true,
    message: '',
    source: `OriginIssuer ${name}`,
    client: { inventory } as never,
    listings: undefined,
    tokenDigest: `token-${name}`,
    zones,
    zonesListedMs: 0,
    refreshZones: () => Promise.reject(new Error('nobody misses a zone here')),
    ...change,
  };
}

export interface Made {
  readonly certificate: OriginCertificate;
  readonly secret: SecretFacts;
}

/** An OriginCertificate of namespace `web` and its Secret, which holds the certificate of this id. */
export function made(
  id: string,
  hostnames: readonly string[] = ['example.com'],
  change: Partial<SecretFacts> = {},
): Made {
  const name = `c-${id}`;
  const spec = { secretName: `s-${id}`, hostnames, issuerRef: { kind: 'OriginIssuer', name: 'cloudflare' } };
  const metadata = { namespace: 'web', name, uid: `uid-${name}` };
  const facts = secretOf(id);
  const pair = facts.pair.state === 'Matching' ? facts.pair.certificate : undefined;
  return {
    certificate: { metadata, spec } as unknown as OriginCertificate,
    secret: {
      ...facts,
      annotations: { 'originca.dev/certificate': name, 'originca.dev/issued-for': metadata.uid },
      ...(pair && { pair: { state: 'Matching', certificate: { ...pair, hostnames } } }),
      ...change,
    },
  };
}

/** The caches with these certificates and issuers. */
export function clusterOf(all: readonly Made[], issuers: readonly IssuerSession[]): Cluster {
  return {
    stores: {
      certificates: { list: () => all.map(({ certificate }) => certificate) },
      secrets: {
        get: ({ name }) => all.find(({ secret }) => secret.name === name)?.secret,
        list: () => all.map(({ secret }) => secret),
      },
    },
    sessions: { get: ({ name }) => issuers.find(({ key }) => key.name === name) },
  };
}
