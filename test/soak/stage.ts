import { randomBytes, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { OriginCertificate, OriginIssuer, OriginZone } from '../../src/api/v1alpha1.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import type { KubeObject, Secret } from '../../src/kube/object.ts';
import { namespaces, type Resource, secrets } from '../../src/kube/resource.ts';
import { pemCertificates } from '../../src/pki/inspect.ts';
import { originCertificates, originIssuers, originZones } from '../../src/resources.ts';
import { Origin } from '../demo/origin.ts';
import { allowLease } from '../e2e/operator/leadership.ts';
import type { Ring } from '../kill/lane.ts';
import { Simulator } from '../simulator/client.ts';
import { SCENE_LABEL } from '../support/scene-label.ts';
import type { Tempo } from './tempo.ts';
import { GRACE, ISSUERS, ZONES } from './wish.ts';

/** Whose name stands behind everything that people do. */
export const USER = 'soak-user';
export const writing = () => ({ signal: AbortSignal.timeout(20_000), fieldManager: USER, force: true });

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
}

/** The world around the operator: a namespace, a Cloudflare, issuers with their tokens, sites with their origins. */
export class Stage implements AsyncDisposable {
  readonly ring: Ring;
  readonly tempo: Tempo;
  readonly namespace: string;
  readonly simulator: Simulator;
  readonly sites: readonly Site[];
  /** What Origin CA certificates are trusted by here. */
  readonly roots: readonly X509Certificate[];
  /** Ids of the tokens that the issuers have now, in their order. */
  readonly tokenIds: string[] = [];
  /** Every token there ever was: none may be seen anywhere. */
  readonly tokens: string[] = [];
  readonly #stack: AsyncDisposableStack;

  static async start(ring: Ring, tempo: Tempo): Promise<Stage> {
    const stack = new AsyncDisposableStack();
    try {
      const { kube } = ring;
      const simulator = stack.use(await Simulator.start());
      const namespace = `soak-${randomBytes(4).toString('hex')}`;
      await kube.create(namespaces, { metadata: { name: namespace } }, writing());
      stack.defer(async () => void (await kube.delete(namespaces, { name: namespace }, writing())));
      await allowLease({ kube, namespace });
      const sites = await Promise.all(ZONES.map((zone) => openSite(kube, simulator, namespace, zone, stack)));
      const pem = await readFile(simulator.originCaRootsFile, 'utf8');
      const roots = pemCertificates(pem).map((root) => new X509Certificate(root));
      const stage = new Stage({ ring, tempo, namespace, simulator, sites, roots }, stack);
      for (let issuer = 0; issuer < ISSUERS; issuer += 1) await stage.#createIssuer(issuer);
      await stage.#createSites();
      stack.defer(() => stage.#deleteZones());
      return stage;
    } catch (error) {
      await stack.disposeAsync();
      throw error;
    }
  }

  private constructor(
    parts: Pick<Stage, 'ring' | 'tempo' | 'namespace' | 'simulator' | 'sites' | 'roots'>,
    stack: AsyncDisposableStack,
  ) {
    this.ring = parts.ring;
    this.tempo = parts.tempo;
    this.namespace = parts.namespace;
    this.simulator = parts.simulator;
    this.sites = parts.sites;
    this.roots = parts.roots;
    this.#stack = stack;
  }

  get kube(): KubeClient {
    return this.ring.kube;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  /** A new token for an issuer, in its Secret. */
  async replaceToken(issuer: number): Promise<void> {
    const { id, value } = await this.simulator.seedToken();
    this.tokenIds[issuer] = id;
    this.tokens.push(value);
    await this.putToken(`token-${issuer}`, value);
  }

  async putToken(name: string, value: string): Promise<void> {
    const data = { 'api-token': Buffer.from(value).toString('base64') };
    await this.apply(secrets, { metadata: { name, namespace: this.namespace }, data } satisfies Secret);
  }

  /** @param nudge another value has its token checked at once. */
  async applyIssuer(issuer: number, nudge = 0): Promise<void> {
    await this.apply(originIssuers, {
      metadata: { name: `cloudflare-${issuer}`, namespace: this.namespace },
      spec: {
        apiTokenSecretRef: { name: `token-${issuer}` },
        defaults: { validityDays: nudge % 2 === 0 ? 90 : 365 },
      },
    } as unknown as OriginIssuer);
  }

  async #createIssuer(issuer: number): Promise<void> {
    await this.replaceToken(issuer);
    await this.applyIssuer(issuer);
  }

  async #createSites(): Promise<void> {
    const { value } = await this.simulator.seedToken();
    this.tokens.push(value);
    await this.putToken('token-zones', value);
    for (const site of this.sites) {
      await this.renewSite(site, 0);
      await this.applyZone(site);
    }
  }

  async renewSite({ hostname, zone }: Site, request: number): Promise<void> {
    const name = siteName(zone);
    await this.apply(originCertificates, {
      metadata: {
        name,
        namespace: this.namespace,
        annotations: { 'originca.dev/renew-requested-at': String(request) },
      },
      spec: {
        secretName: `${name}-tls`,
        hostnames: [hostname],
        issuerRef: { name: 'cloudflare-0' },
        revocation: { superseded: 'Revoke', gracePeriod: GRACE },
      },
    } as unknown as OriginCertificate);
  }

  async applyZone({ zone, origin }: Site): Promise<void> {
    await this.apply(originZones, {
      metadata: { name: this.#zoneName(zone), labels: { [SCENE_LABEL]: this.namespace } },
      spec: {
        zoneName: zone,
        apiTokenSecretRef: { name: 'token-zones' },
        mode: 'Enforce',
        settings: { ssl: 'strict' },
        restoreAfter: this.tempo.restoreAfter,
        inventory: { interval: '1m' },
        probes: [{ hostnames: ['*'], addresses: [`127.0.0.1:${origin.port}`] }],
      },
    } as unknown as OriginZone);
  }

  async deleteZone({ zone }: Site): Promise<void> {
    await this.kube.delete(originZones, { name: this.#zoneName(zone) }, writing());
  }

  async zone({ zone }: Site): Promise<OriginZone | undefined> {
    return this.kube.get(originZones, { name: this.#zoneName(zone) }, writing());
  }

  async certificates(): Promise<readonly OriginCertificate[]> {
    return this.kube.listAll(originCertificates, { namespace: this.namespace, signal: writing().signal });
  }

  async secrets(): Promise<readonly Secret[]> {
    return this.kube.listAll(secrets, { namespace: this.namespace, signal: writing().signal });
  }

  async apply<T extends KubeObject>(resource: Resource<T>, body: T): Promise<T> {
    return this.kube.apply(resource, body, writing());
  }

  #zoneName(zone: string): string {
    return `${this.namespace}.${zone}`;
  }

  async #deleteZones(): Promise<void> {
    for (const site of this.sites) if ((await this.zone(site)) !== undefined) await this.deleteZone(site);
  }
}

export function siteName(zone: string): string {
  return `site-${zone.replaceAll('.', '-')}`;
}

/** A zone on flexible, whose one proxied record leads to an origin that serves the Secret its Ingress names. */
async function openSite(
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
  const tls = [{ hosts: [hostname], secretName: `${siteName(zone)}-tls` }];
  const service = { name: 'web', port: { number: 80 } };
  const paths = [{ path: '/', pathType: 'Prefix', backend: { service } }];
  const ingress = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: siteName(zone), namespace },
    spec: { tls, rules: [{ host: hostname, http: { paths } }] },
  };
  await kube.apply(INGRESSES, ingress, writing());
  return { hostname, zoneId, zone, origin, healthySinceMs: performance.now(), brokenSinceMs: undefined };
}

const INGRESSES: Resource<KubeObject> = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  plural: 'ingresses',
  namespaced: true,
};
