import type { OriginZone } from '../api/v1alpha1.ts';
import type { DnsRecord } from '../cloudflare/zone-results.ts';
import type { ProbeTarget } from '../probe/types.ts';
import { type Destination, ZoneNames } from './names.ts';
import { Patterns } from './patterns.ts';
import type { Route } from './routes.ts';

/** What the origins of a zone follow from. All names normalised. */
export interface OriginSources {
  readonly zoneName: string;
  /** Cloudflare only answers DNS for it. */
  readonly paused: boolean;
  readonly records: readonly DnsRecord[];
  readonly probes: OriginZone['spec']['probes'];
  /** Patterns, as in `spec.gate.ignore`. */
  readonly ignore: readonly string[];
  readonly routes: readonly Route[];
  /** Hostnames of OriginCertificates that belong to the zone; wildcards among them. */
  readonly certificateNames: readonly string[];
}

/** A name at which nobody knocks, and why. */
export interface FixedOrigin {
  readonly hostname: string;
  readonly source: string;
  readonly result: 'NoOrigin' | 'NotProxied' | 'Ignored';
  readonly message: string;
  /** NotProxied because there is no DNS record: nobody reaches it. */
  readonly withoutRecord?: boolean;
}

export interface OriginPlan {
  readonly targets: readonly ProbeTarget[];
  readonly fixed: readonly FixedOrigin[];
  /** Names beyond what one zone may have probed: with any of them the gate is incomplete. */
  readonly beyond: number;
}

/** Names probed per zone, at the prober's rate a matter of minutes. */
const MAX_NAMES = 5000;
const WILDCARD = '*.';
const MADE_UP = 'originca-probe.';

/** Pure: which names the edge serves, and where it would go for each. */
export function planOrigins(sources: OriginSources): OriginPlan {
  const names = new ZoneNames(sources.zoneName, sources.records);
  const found: (readonly ProbeTarget[])[] = [];
  const fixed: FixedOrigin[] = [...notProxied(sources, names)];
  const served = sources.paused ? [] : servedNames(sources, names);
  const rules = rulesOf(sources);
  for (const name of served) {
    const origin = originOf(name, rules, names);
    if ('result' in origin) fixed.push(origin);
    else found.push(origin);
  }
  return {
    targets: found.slice(0, MAX_NAMES).flat(),
    fixed,
    beyond: Math.max(0, found.length - MAX_NAMES),
  };
}

interface ServedName {
  readonly hostname: string;
  /** The wildcard record that it stands for, where it was made up. */
  readonly standsFor?: string;
}

/** Every proxied name, sorted; for a wildcard record the names known under it, and one made up. */
function servedNames(sources: OriginSources, names: ZoneNames): readonly ServedName[] {
  const served = new Map<string, ServedName>();
  for (const name of names.proxied) {
    if (!name.startsWith(WILDCARD)) served.set(name, { hostname: name });
    else {
      const hostname = MADE_UP + name.slice(WILDCARD.length);
      served.set(hostname, { hostname, standsFor: name });
    }
  }
  const known = [...sources.routes.map(({ hostname }) => hostname), ...sources.certificateNames];
  for (const hostname of known) {
    if (hostname.startsWith(WILDCARD) || served.has(hostname)) continue;
    if (names.answering(hostname)?.startsWith(WILDCARD) === true && names.isProxied(hostname))
      served.set(hostname, { hostname });
  }
  return [...served.values()].toSorted((a, b) => (a.hostname < b.hostname ? -1 : 1));
}

/** What decides where a name is knocked for. */
interface Rules {
  readonly ignored: Patterns<true>;
  /** Positions in `spec.probes`. */
  readonly told: Patterns<number>;
  readonly probes: NonNullable<OriginSources['probes']>;
  readonly routed: Patterns<readonly Route[]>;
}

function rulesOf({ ignore, probes = [], routes }: OriginSources): Rules {
  const reached = Map.groupBy(
    routes.filter(({ addresses }) => addresses.length > 0),
    ({ hostname }) => hostname,
  );
  return {
    ignored: new Patterns(ignore.map((pattern) => [pattern, true])),
    told: new Patterns(
      probes.flatMap(({ hostnames }, at) => hostnames.map((pattern) => [pattern, at] as const)),
    ),
    probes,
    routed: new Patterns(reached),
  };
}

function originOf(
  { hostname, standsFor }: ServedName,
  { ignored, told, probes, routed: routesOf }: Rules,
  names: ZoneNames,
): readonly ProbeTarget[] | FixedOrigin {
  const byRecord = names.destination(hostname);
  if (ignored.covers(hostname)) {
    const message = 'spec.gate.ignore leaves it out.';
    return { hostname, source: byRecord.source, result: 'Ignored', message };
  }
  if (byRecord.state === 'none') {
    const message = `There is no origin to look at: ${byRecord.why}.`;
    return { hostname, source: byRecord.source, result: 'NoOrigin', message };
  }
  const note =
    standsFor === undefined
      ? ''
      : ` (a name made up to stand for all that ${standsFor} answers; name it in spec.gate.ignore to leave it out)`;
  const at = Math.min(...told.of(hostname));
  const probe = probes[at];
  if (probe !== undefined)
    return [{ hostname, addresses: probe.addresses, source: `spec.probes[${at}]${note}` }];
  return waysTo(hostname, byRecord, [...routesOf.of(hostname)]).map((way) => ({
    ...way,
    source: way.source + note,
  }));
}

/**
 * What the record names is always looked at: the edge goes there, and nothing that somebody routes in the cluster can
 * stand for it. Whoever writes an Ingress of the name, on whatever controller, adds addresses and takes none away.
 *
 * Where the record names addresses of routes, the edge goes by these, and what else the record names is an origin
 * outside of the cluster. Otherwise nobody can tell which of the routes it leads to, if any: all are looked at, and
 * what is only reached from outside needs `spec.probes`, by which the owner of the zone says what stands for it.
 *
 * @param routes by pattern, nearest first.
 */
function waysTo(
  hostname: string,
  { addresses: recorded, source: recordSource }: Extract<Destination, { state: 'addresses' }>,
  routes: readonly (readonly Route[])[],
): readonly ProbeTarget[] {
  const [nearest = []] = routes;
  const isRecorded = (address: string): boolean => recorded.includes(address);
  const entered = routes.flat().filter(({ addresses }) => addresses.some(isRecorded));
  const routedBy = entered.length === 0 ? nearest[0]?.source : undefined;
  const ways: ProbeTarget[] = [
    { hostname, addresses: recorded, source: recordSource, fromRecord: true, ...(routedBy && { routedBy }) },
  ];
  const seen = new Set(recorded);
  for (const { addresses, source } of entered.length === 0 ? routes.flat() : [...nearest, ...entered]) {
    const others = addresses.filter((address) => !seen.has(address));
    for (const address of others) seen.add(address);
    if (others.length > 0) ways.push({ hostname, addresses: others, source });
  }
  return ways;
}

const REFUSED = 'browsers will refuse its Origin CA certificate, which only Cloudflare trusts';

/** Names of certificates that visitors reach past Cloudflare, if at all. */
function notProxied({ zoneName, paused, certificateNames }: OriginSources, names: ZoneNames): FixedOrigin[] {
  const found: FixedOrigin[] = [];
  for (const hostname of new Set(certificateNames)) {
    const source = 'an OriginCertificate';
    const say = (message: string, withoutRecord = false): void =>
      void found.push({ hostname, source, result: 'NotProxied', message, withoutRecord });
    const hasRecord = names.answering(hostname) !== undefined;
    const isWildcard = hostname.startsWith(WILDCARD);
    if (paused && (hasRecord || isWildcard))
      say(`Zone ${zoneName} is paused, so visitors meet the origin itself: ${REFUSED}.`);
    else if (isBehind(hostname, names)) continue;
    else if (hasRecord)
      say(`Its DNS record is not proxied (grey cloud): ${REFUSED}. Switch the proxy on, or use another CA.`);
    // A wildcard is asked for ahead of the names that it will cover: nobody is misled by one without a record.
    else if (!isWildcard)
      say(
        `It has no DNS record in zone ${zoneName}. Create a proxied one, or take it off the certificate.`,
        true,
      );
  }
  return found;
}

/** A wildcard is behind Cloudflare when any name that it covers is. */
function isBehind(hostname: string, names: ZoneNames): boolean {
  if (!hostname.startsWith(WILDCARD)) return names.isProxied(hostname);
  return names.hasProxiedBelow(hostname.slice(WILDCARD.length));
}
