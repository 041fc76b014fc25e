import { SETTING_DEFAULTS, settingAfter, type SettingId, type SettingValues } from '../rules/zone-setting.ts';

/** A setting as one zone has it. */
export interface ZoneSetting {
  readonly id: SettingId;
  readonly value: SettingValues[SettingId];
  /** Whether the zone's plan lets it be changed. */
  readonly editable: boolean;
  /** Simulated milliseconds since the Unix epoch; undefined where it never was changed. */
  readonly modifiedOn: number | undefined;
}

/** All settings of one zone. */
export class ZoneSettings {
  #values: SettingValues;
  readonly #locked = new Set<SettingId>();
  readonly #modifiedOn = new Map<SettingId, number>();

  constructor(initial: Partial<SettingValues> = {}) {
    this.#values = { ...SETTING_DEFAULTS, ...initial };
  }

  value<Id extends SettingId>(id: Id): SettingValues[Id] {
    return this.#values[id];
  }

  get(id: SettingId): ZoneSetting {
    return {
      id,
      value: this.#values[id],
      editable: !this.#locked.has(id),
      modifiedOn: this.#modifiedOn.get(id),
    };
  }

  all(): readonly ZoneSetting[] {
    // Object.keys is typed for objects that may have more keys than named.
    return (Object.keys(this.#values) as SettingId[]).map((id) => this.get(id));
  }

  /** Takes a value, whatever the plan; false, and nothing changed, where it is none of this setting. */
  set(id: SettingId, requested: unknown, now: number): boolean {
    const value = settingAfter(id, requested, this.#values[id]);
    if (value === undefined) return false;
    this.#values = { ...this.#values, [id]: value };
    this.#modifiedOn.set(id, now);
    return true;
  }

  setEditable(id: SettingId, editable: boolean): void {
    if (editable) this.#locked.delete(id);
    else this.#locked.add(id);
  }
}
