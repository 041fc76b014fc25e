import type { OriginCertificate, OriginZone } from '../api/v1alpha1.ts';
import { placeText, readToken, type TokenPlace } from '../token-secret.ts';
import type { ControllerContext } from './controller-context.ts';
import { fixedLine, type Origins } from './gate.ts';
import { holdOf } from './hold.ts';
import type { ZoneMemory } from './memory.ts';
import { planOrigins } from './origins.ts';
import { pullsPerHour } from './pulls/reading.ts';
import { listRecords, lookUpZone, readDueSettings } from './readings.ts';
import { recordsProblemOf } from './records.ts';
import { rivalOf } from './rival.ts';
import { intervalsOf, pagesOf, stretchOf, type Intervals, type ZoneLoad } from './schedule.ts';
import { readSettings } from './settings.ts';
import { inventoryIntervalOf, zoneNameFor, zoneNameOf } from './subject.ts';
import { type CustomTrust, readCustomTrust } from './trust.ts';
import type { ZoneView } from './view.ts';

/** What a pass meets. */
export type Seen =
  | { readonly state: 'gone' }
  /** Cloudflare cannot be asked at all. */
  | {
      readonly state: 'refused';
      readonly zone: Readonly<OriginZone>;
      readonly reason: 'CredentialsMissing' | 'CredentialsInvalid' | 'ZoneConflict';
      readonly message: string;
    }
  | { readonly state: 'known'; readonly view: ZoneView };

const RECORDS_PER_PAGE = 100;

/** The object from the cache, its token live, and of Cloudflare what is due; the rest is what was read before. */
export async function observe(context: ControllerContext, key: string, signal: AbortSignal): Promise<Seen> {
  const { stores, kube, operatorNamespace, memories, clock } = context;
  const zone = stores.zones.get({ name: key });
  if (zone === undefined || zone.metadata.deletionTimestamp !== undefined) return { state: 'gone' };
  const zoneName = zoneNameOf(zone);
  const rival = rivalOf(zone, stores.zones.list());
  if (rival !== undefined) return conflict(zone, zoneName, rival);
  const beganMs = clock.monotonic();
  const place = placeOf(context, zone);
  const token = await readToken(kube, place, signal);
  if (token.state !== 'usable') {
    const reason = token.state === 'missing' ? 'CredentialsMissing' : 'CredentialsInvalid';
    return { state: 'refused', zone, reason, message: token.message };
  }
  const trust = await readCustomTrust(kube, operatorNamespace, zone.spec.gate.trustedCASecretRef, signal);
  const memory = memories.of(zone);
  memory.enter({ generation: zone.metadata.generation, tokenDigest: token.digest, zoneName });
  if (memory.client?.tokenDigest !== token.digest) {
    // The same token may be put into another Secret.
    const source = (): string => placeText(placeOf(context, stores.zones.get({ name: key }) ?? zone));
    memory.client = context.clientFor(token.token, source);
  }
  const { client } = memory;
  const intervals = intervalsFor(context, zone);
  await lookUpZone(context, memory, client, zoneName, intervals, signal);
  const found = memory.lookup.value;
  const facts = found?.state === 'found' ? found.zone : undefined;
  if (facts !== undefined) {
    memory.found(facts.id);
    const names = readSettings(zone.spec);
    await readDueSettings(context, memory, client, { zoneId: facts.id, names, intervals }, signal);
    listRecords(context, memory, client, { key, zoneId: facts.id, intervals });
  }
  const certificates = certificatesOf(context, zoneName);
  const recordsProblem = recordsProblemOf(memory.records, intervals.recordsMs, clock.now());
  const origins = originsOf(
    zone,
    zoneName,
    memory,
    { trust, recordsProblem },
    certificates,
    facts?.paused ?? false,
  );
  setTargets(context, key, origins, trust);
  const view: ZoneView = {
    key,
    zone,
    zoneName,
    tokenPlace: placeText(place),
    memory,
    client,
    hold: holdOf(zone, clock.now()),
    trust,
    intervals,
    facts,
    origins,
    readyCertificates: certificates.length,
    beganMs,
  };
  return { state: 'known', view };
}

function placeOf({ operatorNamespace }: ControllerContext, { spec }: Readonly<OriginZone>): TokenPlace {
  const { name, key } = spec.apiTokenSecretRef;
  return { namespace: operatorNamespace, name, key, share: 'zones' };
}

function conflict(zone: Readonly<OriginZone>, zoneName: string, rival: Readonly<OriginZone>): Seen {
  const { name } = rival.metadata;
  const message = `OriginZone ${name} has zone ${zoneName}, since it is older. Nothing is done for this one: delete one of the two.`;
  return { state: 'refused', zone, reason: 'ZoneConflict', message };
}

/** By the statuses, which outlast this process: so the intervals of all zones are the same after a restart. */
function loadOf({ spec, status }: Readonly<OriginZone>, zoneIntervalMs: number): ZoneLoad {
  const names = readSettings(spec);
  const modes = names.filter((name) => name === 'ssl' || name === 'sslAutomaticMode').length;
  const origins = (status?.originCounts ?? []).reduce((sum, { count }) => sum + count, 0);
  const inventoryIntervalMs = inventoryIntervalOf({ spec });
  const unstretched = intervalsOf(zoneIntervalMs, inventoryIntervalMs, 1);
  return {
    modes,
    settings: names.length - modes,
    recordPages: pagesOf(origins, RECORDS_PER_PAGE),
    inventoryPages: pagesOf(status?.inventory?.total ?? 0),
    inventoryIntervalMs,
    pullsPerHour: spec.authenticatedOriginPulls.mode === 'Unmanaged' ? 0 : pullsPerHour(unstretched),
  };
}

function intervalsFor(context: ControllerContext, zone: Readonly<OriginZone>): Intervals {
  const { zoneIntervalMs, ratePerSecond, stores } = context;
  const loads = stores.zones.list().map((each) => loadOf(each, zoneIntervalMs));
  const stretch = stretchOf(loads, { zoneIntervalMs, ratePerSecond });
  return intervalsOf(zoneIntervalMs, loadOf(zone, zoneIntervalMs).inventoryIntervalMs, stretch);
}

/**
 * Of each Ready OriginCertificate that has names in the zone those names. What others ask for and have not got does not
 * count: any number of names can be asked for in any namespace, and each would be looked at and held against the zone.
 */
function certificatesOf({ stores }: ControllerContext, zoneName: string): readonly (readonly string[])[] {
  const zoneNames = new Set(stores.zones.list().map(zoneNameOf));
  const found: (readonly string[])[] = [];
  for (const certificate of stores.certificates.list()) {
    const { metadata, spec } = certificate;
    if (metadata.deletionTimestamp !== undefined || !isReady(certificate)) continue;
    const hostnames = spec.hostnames.filter((hostname) => zoneNameFor(hostname, zoneNames) === zoneName);
    if (hostnames.length > 0) found.push(hostnames);
  }
  return found;
}

function isReady({ status }: Readonly<OriginCertificate>): boolean {
  return status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
}

function originsOf(
  { spec }: Readonly<OriginZone>,
  zoneName: string,
  { records }: ZoneMemory,
  { trust, recordsProblem }: { readonly trust: CustomTrust; readonly recordsProblem: string | undefined },
  certificates: readonly (readonly string[])[],
  paused: boolean,
): Origins {
  if (records.value === undefined) {
    return { targets: [], fixed: [], complete: false, incompleteWhy: recordsProblem };
  }
  const { listing, routes } = records.value;
  const plan = planOrigins({
    zoneName,
    paused,
    records: listing.records,
    probes: spec.probes,
    ignore: spec.gate.ignore ?? [],
    routes: routes.routes,
    certificateNames: [...new Set(certificates.flat())],
  });
  const incompleteWhy = whyIncomplete(listing.complete, plan.beyond, trust) ?? recordsProblem;
  return {
    targets: plan.targets,
    fixed: plan.fixed.map(fixedLine),
    complete: incompleteWhy === undefined,
    incompleteWhy,
    recordsAt: records.readAt,
  };
}

function whyIncomplete(complete: boolean, beyond: number, trust: CustomTrust): string | undefined {
  if (trust.state === 'unusable') return trust.message;
  if (!complete)
    return 'The DNS records changed while they were listed, or are too many: they may not be all. They are listed again.';
  if (beyond > 0)
    return `The zone has ${beyond} proxied names more than are probed. Leave names out with spec.gate.ignore, or switch without looking with spec.gate.origins: Skip.`;
  return undefined;
}

function setTargets(
  { probes, roots }: ControllerContext,
  key: string,
  origins: Origins,
  trust: CustomTrust,
): void {
  const custom = trust.state === 'usable' ? trust.certificates : [];
  probes.setTargets(key, origins.targets, { originCa: roots.certificates, custom });
}
