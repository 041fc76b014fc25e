import { Counter, type Registry } from 'prom-client';

/** What is counted of each zone's settings. The series of a zone go with its object. */
export class ZoneCounters {
  readonly #drifts: Counter<'zone' | 'setting'>;
  readonly #restores: Counter<'zone' | 'setting'>;
  /** Settings shown so far, by zone. */
  readonly #shown = new Map<string, Set<string>>();

  constructor(registry: Registry) {
    const registers = [registry];
    const labelNames = ['zone', 'setting'] as const;
    this.#drifts = new Counter({
      name: 'originca_zone_drift_total',
      help: 'Changes by somebody else to a setting that was as asked for.',
      labelNames,
      registers,
    });
    this.#restores = new Counter({
      name: 'originca_zone_restore_total',
      help: 'Settings that were brought back after somebody else had changed them.',
      labelNames,
      registers,
    });
  }

  /** Shows the setting from the start as 0, so that the first increase is an increase and not a new series. */
  show(zone: string, settings: Iterable<string>): void {
    const shown = this.#shown.get(zone) ?? new Set();
    this.#shown.set(zone, shown);
    for (const setting of settings) {
      if (shown.has(setting)) continue;
      shown.add(setting);
      for (const counter of [this.#drifts, this.#restores]) counter.inc({ zone, setting }, 0);
    }
  }

  drift(zone: string, setting: string): void {
    this.show(zone, [setting]);
    this.#drifts.inc({ zone, setting });
  }

  restore(zone: string, setting: string): void {
    this.show(zone, [setting]);
    this.#restores.inc({ zone, setting });
  }

  forget(zone: string): void {
    for (const setting of this.#shown.get(zone) ?? [])
      for (const counter of [this.#drifts, this.#restores]) counter.remove({ zone, setting });
    this.#shown.delete(zone);
  }
}
