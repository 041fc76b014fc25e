import type { OriginCertificate, OriginZone } from '../../src/api/v1alpha1.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import type { KubeObject } from '../../src/kube/object.ts';
import type { Resource } from '../../src/kube/resource.ts';
import { Origin } from '../demo/origin.ts';
import type { Simulator } from '../simulator/client.ts';
import { SCENE_LABEL } from '../support/scene-label.ts';
import { type Places, slotOf } from './places.ts';
import { GRACE, issuerName, ZONES } from './wish.ts';
import { writing } from './writing.ts';

/** A site with a zone of its own, whose visitors must never notice anything. */
export interface Site {
  readonly hostname: string;
  readonly zoneId: string;
  readonly zone: string;
  readonly origin: Origin;
  /** Since when its origin shows what it should; `performance.now()`, undefined while it does not. */
  healthySinceMs: number | undefined;
  /** Since when it shows something else. */
  brokenSinceMs: number | undefined;
  /** What people want Cloudflare to show its origin. */
  pulls: PullsWish;
}

/** Whether the zone is to show a client certificate of its own, and by which of people's CAs; undefined: the operator's. */
export interface PullsWish {
  readonly mode: 'Zone' | 'Off';
  readonly ca: number | undefined;
}

/** CAs of people's, of which they may tell the operator to use one. */
export const PULL_CAS = 2;

/** Secrets in the operator's namespace: the token of all zones, and the CAs of people's. */
export const ZONES_TOKEN = 'token-zones';
export const pullCaName = (number: number): string => `pull-ca-${number}`;

/** The Secret that shows origins whose client certificates to take. */
export const publishedName = (site: Pick<Site, 'zone'>): string => `${siteName(site.zone)}-pull-ca`;

function siteName(zone: string): string {
  return `site-${zone.replaceAll('.', '-')}`;
}

/** Where the certificate of a site stands among those of people. */
export function siteSlot({ zone }: Site): string {
  return slotOf('north', siteName(zone));
}

/** The certificate of a site as people apply it. */
export function siteCertificate(
  namespace: string,
  { hostname, zone }: Site,
  request: number,
): OriginCertificate {
  const name = siteName(zone);
  const object = {
    metadata: { name, namespace, annotations: { 'originca.dev/renew-requested-at': String(request) } },
    spec: {
      secretName: `${name}-tls`,
      hostnames: [hostname],
      issuerRef: { name: issuerName(0) },
      revocation: { superseded: 'Revoke', gracePeriod: GRACE },
    },
  };
  return object as unknown as OriginCertificate; // What is left out the API server fills in.
}

export function zoneName({ north }: Places, { zone }: Pick<Site, 'zone'>): string {
  return `${north}.${zone}`;
}

/** The zone of a site as people apply it. */
export function siteZone(places: Places, site: Site, restoreAfter: string): OriginZone {
  const { mode, ca } = site.pulls;
  const publish = [{ kind: 'Secret', namespace: places.north, name: publishedName(site) }];
  const object = {
    metadata: { name: zoneName(places, site), labels: { [SCENE_LABEL]: places.north } },
    spec: {
      zoneName: site.zone,
      apiTokenSecretRef: { name: places.systemName(ZONES_TOKEN) },
      mode: 'Enforce',
      settings: { ssl: 'strict' },
      restoreAfter,
      inventory: { interval: '1m' },
      authenticatedOriginPulls: {
        mode,
        publish,
        ...(mode === 'Zone' &&
          ca !== undefined && { caSecretRef: { name: places.systemName(pullCaName(ca)) } }),
      },
      probes: [{ hostnames: ['*'], addresses: [`127.0.0.1:${site.origin.port}`] }],
    },
  };
  return object as unknown as OriginZone;
}

/** A zone on flexible, whose one proxied record leads to an origin that serves the Secret its Ingress names. */
export async function openSite(
  kube: KubeClient,
  simulator: Simulator,
  namespace: string,
  zone: string,
  stack: AsyncDisposableStack,
): Promise<Site> {
  const { id: zoneId } = await simulator.seedZone({ name: zone, ssl: 'flexible', automaticMode: 'auto' });
  const hostname = `site.${zone}`;
  const onError = (): void => undefined; // A watch that broke goes on; what was missed, visitors would see.
  const origin = stack.use(await Origin.start({ client: kube, namespace, onError }));
  const content = `203.0.113.${10 + ZONES.findIndex((name) => name === zone)}`;
  await simulator.seedRecord(zoneId, { name: hostname, content });
  await simulator.mapOrigin({
    content,
    https: `127.0.0.1:${origin.port}`,
    http: `127.0.0.1:${origin.httpPort}`,
  });
  await kube.apply(INGRESSES, ingressOf(namespace, zone, hostname), writing());
  const pulls: PullsWish = { mode: 'Zone', ca: undefined };
  return {
    hostname,
    zoneId,
    zone,
    origin,
    healthySinceMs: performance.now(),
    brokenSinceMs: undefined,
    pulls,
  };
}

function ingressOf(namespace: string, zone: string, hostname: string): KubeObject {
  const tls = [{ hosts: [hostname], secretName: `${siteName(zone)}-tls` }];
  const service = { name: 'web', port: { number: 80 } };
  const paths = [{ path: '/', pathType: 'Prefix', backend: { service } }];
  const object = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: siteName(zone), namespace },
    spec: { tls, rules: [{ host: hostname, http: { paths } }] },
  };
  return object;
}

const INGRESSES: Resource<KubeObject> = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  plural: 'ingresses',
  namespaced: true,
};
