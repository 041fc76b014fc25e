import { rfc3339 } from '../api/conditions.ts';
import type { OriginZone } from '../api/v1alpha1.ts';
import type { Zone } from '../cloudflare/results.ts';
import type { RecordListing, ZoneClient } from '../cloudflare/zone-client.ts';
import type { Remembered } from './history.ts';
import { Recurring } from './recurring.ts';
import type { Routes } from './routes.ts';
import { SETTING_NAMES } from './settings.ts';
import { statusOfZone } from './subject.ts';
import type { Reading, SettingName } from './world.ts';

/** What a look for the zone's name found. */
export type ZoneLookup =
  | { readonly state: 'found'; readonly zone: Zone }
  | { readonly state: 'none' }
  /** Accounts that each hold a zone of this name. */
  | { readonly state: 'several'; readonly accounts: readonly string[] };

/** What the origins follow from, read together. */
export interface RecordsRead {
  readonly listing: RecordListing;
  readonly routes: Routes;
}

/** One restore of a setting that somebody else had changed. */
export interface Restore {
  readonly setting: string;
  /** Ms since the epoch. */
  readonly time: number;
}

const DAY_MS = 24 * 3_600_000;
const RESTORES_KEPT = 12;

/** As the status shows them: to the second. */
export function shownRestores(restores: readonly Restore[]): { setting: string; time: string }[] {
  return restores.map(({ setting, time }) => ({ setting, time: rfc3339(time) }));
}

/** What this process remembers of one OriginZone from pass to pass. */
export class ZoneMemory {
  readonly uid: string;
  readonly lookup = new Recurring<ZoneLookup>();
  readonly records = new Recurring<RecordsRead>();
  readonly #settings = new Map<SettingName, Recurring<Reading>>();
  readonly #history = new Map<SettingName, Remembered>();
  /** Canonical text of the foreign value that was announced as a drift, so that each is announced once. */
  readonly announced = new Map<SettingName, string>();
  /** Whether the records are being listed in the background. */
  isListing = false;
  client: ZoneClient | undefined;
  /** Whether this process has looked at all origins once: until then the verdict of the one before stands. */
  hasLooked = false;
  #restores: readonly Restore[];
  #scope = '';
  #zoneScope = '';
  #zoneName = '';
  #zoneId: string | undefined;
  #epoch = 0;

  constructor(zone: Readonly<OriginZone>) {
    this.uid = zone.metadata.uid;
    const status = statusOfZone(zone);
    for (const { name, inSync, observed } of status?.settings ?? []) {
      const setting = SETTING_NAMES.find((each) => each === name);
      if (!inSync && setting !== undefined && observed !== undefined) this.announced.set(setting, observed);
    }
    this.#restores = (status?.restores ?? [])
      .map(({ setting, time }) => ({ setting, time: Date.parse(time) }))
      .filter(({ time }) => !Number.isNaN(time));
  }

  setting(name: SettingName): Recurring<Reading> {
    const known = this.#settings.get(name);
    if (known !== undefined) return known;
    const made = new Recurring<Reading>();
    this.#settings.set(name, made);
    return made;
  }

  /** Undefined while this process has none of the setting. */
  historyOf(name: SettingName): Remembered | undefined {
    return this.#history.get(name);
  }

  remember(name: SettingName, history: Remembered): void {
    this.#history.set(name, history);
  }

  get restores(): readonly Restore[] {
    return this.#restores;
  }

  /** Ms since the epoch of the restores of a setting within a day. */
  restoresOf(setting: SettingName, now: number): readonly number[] {
    return this.#restores
      .filter((restore) => restore.setting === setting && now - restore.time < DAY_MS)
      .map(({ time }) => time);
  }

  /** All restores when this one is done too. */
  restoresWith(restore: Restore): readonly Restore[] {
    return [...this.#restores, restore].slice(-RESTORES_KEPT);
  }

  restored(restore: Restore): void {
    this.#restores = this.restoresWith(restore);
  }

  /** What was noted before it was done was refused: nothing was restored. */
  notRestored(restore: Restore): void {
    this.#restores = this.#restores.filter((other) => other !== restore);
  }

  /** Changes with the token and the zone: what was asked before speaks of something else. */
  get epoch(): number {
    return this.#epoch;
  }

  /** A changed spec is looked at at once; another token or zone makes what was read of the former worthless. */
  enter(scope: {
    readonly generation: number;
    readonly tokenDigest: string;
    readonly zoneName: string;
  }): void {
    const zoneScope = `${scope.tokenDigest} ${scope.zoneName}`;
    const now = `${zoneScope} ${scope.generation}`;
    if (now === this.#scope) return;
    this.#scope = now;
    for (const [name, history] of this.#history) this.#history.set(name, { ...history, refusal: undefined });
    for (const read of [this.lookup, this.records, ...this.#settings.values()]) {
      if (zoneScope === this.#zoneScope) read.expire();
      else read.clear();
    }
    if (zoneScope !== this.#zoneScope) {
      this.#epoch += 1;
      this.#zoneId = undefined;
    }
    this.#zoneScope = zoneScope;
    if (this.#zoneName !== '' && this.#zoneName !== scope.zoneName) {
      this.#history.clear();
      this.announced.clear();
      this.#restores = [];
    }
    this.#zoneName = scope.zoneName;
  }

  /** A zone removed and added again is another, of which nothing is known. */
  found(zoneId: string): void {
    if (this.#zoneId !== undefined && this.#zoneId !== zoneId) {
      for (const read of [this.records, ...this.#settings.values()]) read.clear();
      this.#epoch += 1;
    }
    this.#zoneId = zoneId;
  }
}

/** The memories of all OriginZones, by name; one made again under its name is another. */
export class ZoneMemories {
  readonly #all = new Map<string, ZoneMemory>();

  of(zone: Readonly<OriginZone>): ZoneMemory {
    const { name, uid } = zone.metadata;
    const known = this.#all.get(name);
    if (known?.uid === uid) return known;
    const made = new ZoneMemory(zone);
    this.#all.set(name, made);
    return made;
  }

  forget(name: string): void {
    this.#all.delete(name);
  }
}
