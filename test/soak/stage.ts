import { randomBytes, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { OriginCertificate, OriginZone } from '../../src/api/v1alpha1.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import type { KubeObject, Secret } from '../../src/kube/object.ts';
import { leases, namespaces, type Resource, secrets } from '../../src/kube/resource.ts';
import { pemCertificates } from '../../src/pki/inspect.ts';
import { clusterOriginIssuers, originCertificates, originZones } from '../../src/resources.ts';
import { LEASE } from '../../src/election.ts';
import { allowLease } from '../e2e/operator/leadership.ts';
import type { Ring } from '../kill/lane.ts';
import { SYSTEM_NAMESPACE } from '../kill/system.ts';
import { Simulator } from '../simulator/client.ts';
import { leaveDueLeaf } from '../support/due-leaf.ts';
import { SCENE_LABEL } from '../support/scene-label.ts';
import { Issuers } from './issuers.ts';
import { Places } from './places.ts';
import { putPullCas } from './pull-cas.ts';
import { openSite, type Site, siteCertificate, siteZone, zoneName, ZONES_TOKEN } from './site.ts';
import type { Tempo } from './tempo.ts';
import { ZONES } from './wish.ts';
import { writing } from './writing.ts';

/** The world around the operator: namespaces, a Cloudflare, issuers with their tokens, sites with their origins. */
export class Stage implements AsyncDisposable {
  readonly ring: Ring;
  readonly tempo: Tempo;
  readonly places: Places;
  readonly simulator: Simulator;
  readonly issuers: Issuers;
  readonly sites: readonly Site[];
  /** What Origin CA certificates are trusted by here. */
  readonly roots: readonly X509Certificate[];
  readonly #stack: AsyncDisposableStack;

  static async start(ring: Ring, tempo: Tempo): Promise<Stage> {
    const stack = new AsyncDisposableStack();
    try {
      const simulator = stack.use(await Simulator.start());
      const places = new Places(`soak-${randomBytes(4).toString('hex')}`);
      await openPlaces(ring.kube, places, stack);
      const sites = await Promise.all(
        ZONES.map((zone) => openSite(ring.kube, simulator, places.north, zone, stack)),
      );
      const pem = await readFile(simulator.originCaRootsFile, 'utf8');
      const roots = pemCertificates(pem).map((root) => new X509Certificate(root));
      const stage = new Stage({ ring, tempo, places, simulator, sites, roots }, stack);
      stack.defer(() => stage.#deleteClusterScoped());
      await stage.issuers.create();
      await stage.#createSites();
      return stage;
    } catch (error) {
      await stack.disposeAsync();
      throw error;
    }
  }

  private constructor(
    parts: Pick<Stage, 'ring' | 'tempo' | 'places' | 'simulator' | 'sites' | 'roots'>,
    stack: AsyncDisposableStack,
  ) {
    this.ring = parts.ring;
    this.tempo = parts.tempo;
    this.places = parts.places;
    this.simulator = parts.simulator;
    this.sites = parts.sites;
    this.roots = parts.roots;
    this.issuers = new Issuers(this);
    this.#stack = stack;
  }

  get kube(): KubeClient {
    return this.ring.kube;
  }

  /** Of the operator's Lease, and that of the sites. */
  get namespace(): string {
    return this.places.north;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  async #createSites(): Promise<void> {
    await this.issuers.putToken(this.places.systemName(ZONES_TOKEN), [SYSTEM_NAMESPACE]);
    await putPullCas(this);
    for (const site of this.sites) {
      await this.renewSite(site, 0);
      const objectName = zoneName(this.places, site);
      const owner = { zoneId: site.zoneId, zoneName: site.zone, objectName, namespace: SYSTEM_NAMESPACE };
      await leaveDueLeaf(this, owner);
      await this.applyZone(site);
    }
  }

  async renewSite(site: Site, request: number): Promise<void> {
    await this.apply(originCertificates, siteCertificate(this.namespace, site, request));
  }

  async applyZone(site: Site): Promise<void> {
    await this.apply(originZones, siteZone(this.places, site, this.tempo.restoreAfter));
  }

  async deleteZone(site: Site): Promise<void> {
    await this.kube.delete(originZones, { name: zoneName(this.places, site) }, writing());
  }

  async zone(site: Site): Promise<OriginZone | undefined> {
    return this.kube.get(originZones, { name: zoneName(this.places, site) }, writing());
  }

  /** Of all places. */
  async certificates(): Promise<readonly OriginCertificate[]> {
    return this.#listAll(originCertificates);
  }

  /** Of all places. */
  async secrets(): Promise<readonly Secret[]> {
    return this.#listAll(secrets);
  }

  /** Of this soak, in the operator's own namespace. */
  async systemSecrets(): Promise<readonly Secret[]> {
    const all = await this.kube.listAll(secrets, { namespace: SYSTEM_NAMESPACE, signal: writing().signal });
    return all.filter(({ metadata }) => metadata.name?.startsWith(this.places.systemName('')));
  }

  async apply<T extends KubeObject>(resource: Resource<T>, body: T): Promise<T> {
    return this.kube.apply(resource, body, writing());
  }

  async #listAll<T extends KubeObject>(resource: Resource<T>): Promise<readonly T[]> {
    const { signal } = writing();
    const { all } = this.places;
    return (
      await Promise.all(all.map((namespace) => this.kube.listAll(resource, { namespace, signal })))
    ).flat();
  }

  async #deleteClusterScoped(): Promise<void> {
    for (const site of this.sites) if ((await this.zone(site)) !== undefined) await this.deleteZone(site);
    await this.kube.delete(clusterOriginIssuers, { name: this.places.clusterIssuer }, writing());
    for (const { metadata } of await this.systemSecrets())
      await this.kube.delete(secrets, { namespace: SYSTEM_NAMESPACE, name: metadata.name ?? '' }, writing());
  }
}

/** Namespaces that go with the soak; the label is what the ClusterOriginIssuer knows them by. */
async function openPlaces(kube: KubeClient, places: Places, stack: AsyncDisposableStack): Promise<void> {
  for (const name of places.all) {
    await kube.create(namespaces, { metadata: { name, labels: { [SCENE_LABEL]: places.north } } }, writing());
    stack.defer(async () => void (await kube.delete(namespaces, { name }, writing())));
  }
  await allowLease({ kube, namespace: places.north });
  await kube.create(leases, { metadata: { name: LEASE, namespace: places.north }, spec: {} }, writing());
}
