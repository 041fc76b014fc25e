import { X509Certificate } from 'node:crypto';
import type { OriginZone } from '../../src/api/v1alpha1.ts';
import { secrets } from '../../src/kube/resource.ts';
import { pemCertificates } from '../../src/pki/inspect.ts';
import { decode } from '../../src/secret-facts.ts';
import type { Journal } from './journal.ts';
import type { Leaks } from './leaks.ts';
import { regularly } from './regularly.ts';
import { publishedName, type PullsWish, type Site } from './site.ts';
import type { Stage } from './stage.ts';
import { writing } from './writing.ts';

const LOOK_EVERY_MS = 1000;

/**
 * Whoever runs the origins of the sites: they demand a client certificate once the status says that they may, of the CAs
 * that are published at each moment, and no more once it says that it is in the way: of switching off, or of the way
 * back from a mode in which nothing is shown to them.
 */
export class Doorkeepers {
  /** How often an origin began to demand one. */
  demands = 0;
  readonly #stage: Stage;
  readonly #leaks: Leaks;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(stage: Stage, leaks: Leaks, journal: Journal) {
    this.#stage = stage;
    this.#leaks = leaks;
    const often = { everyMs: LOOK_EVERY_MS, signal: this.#stop.signal, journal };
    this.#running = regularly(often, () => this.#look());
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** From now on nobody begins to demand what may go. */
  async wish(index: number, wish: PullsWish): Promise<void> {
    const site = this.#stage.sites[index];
    if (site === undefined) return;
    site.pulls = wish;
    await this.#stage.applyZone(site);
  }

  async #look(): Promise<void> {
    for (const { data } of await this.#stage.systemSecrets())
      for (const [name, key] of Object.entries(data ?? {}))
        if (name.endsWith('.key')) this.#leaks.learn({ metadata: {}, data: { 'tls.key': key } });
    for (const site of this.#stage.sites) await this.#lookAfter(site);
  }

  async #lookAfter(site: Site): Promise<void> {
    const { kube, places } = this.#stage;
    const zone = await this.#stage.zone(site);
    const ref = { namespace: places.north, name: publishedName(site) };
    const pem = decode((await kube.get(secrets, ref, writing()))?.data?.['ca.crt']) ?? '';
    const cas = pemCertificates(pem).map((ca) => new X509Certificate(ca));
    const { origin, pulls } = site;
    if (mustNotDemand(zone, pulls)) {
      if (!origin.demands) return;
      origin.demand(undefined);
      // Soon after a renewal the operator looks at the origin, and not for a quarter of an hour else.
      if (pulls.mode === 'Zone') await this.#stage.renewSite(site, Date.now());
    } else if (origin.demands) origin.demand(cas);
    else if (pulls.mode === 'Zone' && mayDemand(zone) && cas.length > 0) {
      this.demands += 1;
      origin.demand(cas);
    }
  }
}

type Told = Pick<OriginZone, 'status'> & { readonly metadata: Pick<OriginZone['metadata'], 'generation'> };

/** Whether the status says so of the spec as it is. */
export function mayDemand(zone: Told | undefined): boolean {
  const isCurrent = inSyncOf(zone)?.observedGeneration === zone?.metadata.generation;
  return isCurrent && zone?.status?.authenticatedOriginPulls?.safeToDemand === true;
}

/** A zone that was made anew does not know what was demanded under a mode that others have lowered since, and says so. */
export function mustNotDemand(zone: Told | undefined, { mode }: Pick<PullsWish, 'mode'>): boolean {
  const { state, safeToDemand } = zone?.status?.authenticatedOriginPulls ?? {};
  if (mode === 'Off') return state === 'SwitchingOff';
  return inSyncOf(zone)?.reason === 'GateClosed' && safeToDemand === false;
}

function inSyncOf(zone: Told | undefined) {
  return zone?.status?.conditions?.find(({ type }) => type === 'InSync');
}
