import type { OriginZone } from '../api/v1alpha1.ts';
import type { Zone } from '../cloudflare/results.ts';
import type { ZoneClient } from '../cloudflare/zone-client.ts';
import type { ControllerContext } from './controller-context.ts';
import { gateView, type Origins } from './gate.ts';
import { historyFromStatus, type Remembered } from './history.ts';
import type { Hold } from './hold.ts';
import type { ZoneMemory } from './memory.ts';
import { instantOf } from './readings.ts';
import type { Intervals } from './schedule.ts';
import { askedText, readSettings, SETTING_NAMES } from './settings.ts';
import { statusOfZone } from './subject.ts';
import type { CustomTrust } from './trust.ts';
import type { Reading, SettingHistory, SettingName, ZoneWorld } from './world.ts';

/** All that one pass has gathered of a zone that Cloudflare can be asked about. */
export interface ZoneView {
  /** Name of the object: its key in queues, stores and the probe board. */
  readonly key: string;
  readonly zone: Readonly<OriginZone>;
  readonly zoneName: string;
  /** Where the token lies, for messages. */
  readonly tokenPlace: string;
  readonly memory: ZoneMemory;
  readonly client: ZoneClient;
  readonly hold: Hold;
  readonly trust: CustomTrust;
  readonly intervals: Intervals;
  /** The zone as Cloudflare lists it; undefined while it was not found. */
  readonly facts: Zone | undefined;
  readonly origins: Origins;
  /** Ready OriginCertificates with a name in the zone. */
  readonly readyCertificates: number;
  /** Monotonic ms. */
  readonly beganMs: number;
}

/** What `decide` looks at, as it is known at this moment. */
export function worldOf(context: ControllerContext, view: ZoneView): ZoneWorld {
  const { zone, zoneName, hold, facts, origins, key } = view;
  return {
    spec: zone.spec,
    objectName: zone.metadata.name,
    zoneName,
    zoneProblem: facts && zoneProblem(facts),
    enforce: hold.enforce,
    hindrance: hold.hindrance,
    ...instantOf(context),
    readings: readingsOf(view),
    history: historyOf(context, view),
    gate: (sinceMs) => gateView(origins, context.probes.since(key, sinceMs)),
    roundMs: context.probes.roundMs,
    readyCertificates: view.readyCertificates,
  };
}

/** Why a zone is in no state to be changed. */
export function zoneProblem({ name, status, paused }: Zone): string | undefined {
  if (paused)
    return `Zone ${name} is paused: Cloudflare only answers DNS for it, and visitors meet the origins themselves.`;
  switch (status) {
    case 'active':
      return undefined;
    case 'pending':
    case 'initializing':
      return `Zone ${name} is ${status}: its domain does not use Cloudflare's name servers yet.`;
    case 'moved':
      return `Zone ${name} is moved: its domain no longer uses Cloudflare's name servers.`;
    default:
      return `Zone ${name} is ${status}, not active.`;
  }
}

/**
 * Whether concerns may change anything: not in a zone out of use either, whose origins nobody looks at, so that none
 * of them seems to demand or to refuse anything.
 */
export function enforcementOf(
  { enforce, hindrance }: Hold,
  facts: Zone,
): { readonly enforce: boolean; readonly hindrance: string | undefined } {
  if (!enforce || zoneProblem(facts) === undefined) return { enforce, hindrance };
  return { enforce: false, hindrance: `the zone is ${facts.paused ? 'paused' : facts.status}` };
}

/** The settings that are read for this zone. */
export function namesToRead({ zone }: Pick<ZoneView, 'zone'>): readonly SettingName[] {
  return readSettings(zone.spec);
}

/** Monotonic ms when something is to be read of Cloudflare: of a zone that was not found nothing but that. */
export function nextReadingMs({ memory, facts, zone }: Pick<ZoneView, 'memory' | 'facts' | 'zone'>): number {
  const { lookup, records } = memory;
  if (facts === undefined) return lookup.nextMs;
  const settings = namesToRead({ zone }).map((name) => memory.setting(name).nextMs);
  return Math.min(lookup.nextMs, records.nextMs, ...settings);
}

/** Whether something was never read, and nothing but our own budget is why. */
export function waitsForBudget(view: Pick<ZoneView, 'memory' | 'zone'>): boolean {
  const { memory } = view;
  const unread = [memory.lookup, ...namesToRead(view).map((name) => memory.setting(name))].filter(
    ({ value }) => value === undefined,
  );
  const isOurs = unread.every(
    ({ failure }) => (failure?.error.kind ?? 'BudgetExhausted') === 'BudgetExhausted',
  );
  return isOurs && unread.length > 0;
}

function readingsOf(view: ZoneView): Partial<Record<SettingName, Reading>> {
  const readings: Partial<Record<SettingName, Reading>> = {};
  for (const name of namesToRead(view)) {
    const { value } = view.memory.setting(name);
    if (value !== undefined) readings[name] = value;
  }
  return readings;
}

/** What is remembered of a setting, from the status where this process has not met it yet. */
export function rememberedOf(context: ControllerContext, view: ZoneView, name: SettingName): Remembered {
  const { memory, zone } = view;
  const known = memory.historyOf(name);
  if (known !== undefined) return known;
  const made = historyFromStatus(statusOfZone(zone), name, askedText(zone.spec, name), instantOf(context));
  memory.remember(name, made);
  return made;
}

function historyOf(context: ControllerContext, view: ZoneView): Record<SettingName, SettingHistory> {
  const now = context.clock.now();
  const of = (name: SettingName): SettingHistory => ({
    ...rememberedOf(context, view, name),
    restores: view.memory.restoresOf(name, now),
  });
  const [sslAutomaticMode, ssl, alwaysUseHttps, hsts, minTlsVersion, tls13] = SETTING_NAMES;
  return {
    sslAutomaticMode: of(sslAutomaticMode),
    ssl: of(ssl),
    alwaysUseHttps: of(alwaysUseHttps),
    hsts: of(hsts),
    minTlsVersion: of(minTlsVersion),
    tls13: of(tls13),
  };
}
