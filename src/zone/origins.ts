import type { OriginZone } from '../api/v1alpha1.ts';
import type { DnsRecord } from '../cloudflare/zone-results.ts';
import type { ProbeTarget } from '../probe/types.ts';
import { ZoneNames } from './names.ts';
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
  const targets: ProbeTarget[] = [];
  const fixed: FixedOrigin[] = [...notProxied(sources, names)];
  const served = sources.paused ? [] : servedNames(sources, names);
  const rules = rulesOf(sources);
  for (const name of served) {
    const found = originOf(name, rules, names);
    if ('result' in found) fixed.push(found);
    else targets.push(found);
  }
  return {
    targets: targets.slice(0, MAX_NAMES),
    fixed,
    beyond: Math.max(0, targets.length - MAX_NAMES),
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
): ProbeTarget | FixedOrigin {
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
    return { hostname, addresses: probe.addresses, source: `spec.probes[${at}]${note}` };
  const routes = [...routesOf.of(hostname)];
  const [first] = routes.flat();
  if (first === undefined)
    return { hostname, addresses: byRecord.addresses, source: byRecord.source + note, fromRecord: true };
  return { hostname, addresses: waysTo(byRecord.addresses, routes), source: first.source + note };
}

/**
 * Where the record names addresses of routes, it names those that the edge goes to: by these routes, and to what else
 * it names, which is an origin outside of the cluster. What routes the name most nearly is looked at in any case.
 *
 * Otherwise routes are the way from inside to what the record names, and nobody can tell which: an Ingress of the name
 * itself, on a controller that the edge never comes to, must not hide what the wildcard leads to. All are looked at.
 *
 * @param routes by pattern, nearest first.
 */
function waysTo(recorded: readonly string[], routes: readonly (readonly Route[])[]): readonly string[] {
  const [nearest = []] = routes;
  const entered = routes.flat().filter(({ addresses }) => addresses.some((each) => recorded.includes(each)));
  const ways =
    entered.length === 0
      ? routes.flat().flatMap(({ addresses }) => addresses)
      : [...[...nearest, ...entered].flatMap(({ addresses }) => addresses), ...recorded];
  return [...new Set(ways)];
}

const REFUSED = 'browsers will refuse its Origin CA certificate, which only Cloudflare trusts';

/** Names of certificates that visitors reach past Cloudflare, if at all. */
function notProxied({ zoneName, paused, certificateNames }: OriginSources, names: ZoneNames): FixedOrigin[] {
  const found: FixedOrigin[] = [];
  for (const hostname of new Set(certificateNames)) {
    const source = 'an OriginCertificate';
    const say = (message: string): void =>
      void found.push({ hostname, source, result: 'NotProxied', message });
    if (paused) say(`Zone ${zoneName} is paused, so visitors meet the origin itself: ${REFUSED}.`);
    else if (isBehind(hostname, names)) continue;
    else if (names.answering(hostname) !== undefined)
      say(`Its DNS record is not proxied (grey cloud): ${REFUSED}. Switch the proxy on, or use another CA.`);
    // A wildcard is asked for ahead of the names that it will cover: nobody is misled by one without a record.
    else if (!hostname.startsWith(WILDCARD))
      say(`It has no DNS record in zone ${zoneName}. Create a proxied one, or take it off the certificate.`);
  }
  return found;
}

/** A wildcard is behind Cloudflare when any name that it covers is. */
function isBehind(hostname: string, names: ZoneNames): boolean {
  if (!hostname.startsWith(WILDCARD)) return names.isProxied(hostname);
  return names.hasProxiedBelow(hostname.slice(WILDCARD.length));
}
