import type { X509Certificate } from 'node:crypto';
import { normalizeHostname } from '../api/hostname.ts';
import { wildcardOf } from './names.ts';
import type { ClientPair, ProbeTarget, TrustSet } from './types.ts';
import type { Standard, Unit } from './unit.ts';

/** All units, by zone and by the names they stand for. */
export class Units {
  readonly #zones = new Map<string, Map<string, Unit>>();
  /** Under its hostname, and under the wildcard that covers it. */
  readonly #names = new Map<string, Set<Unit>>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  of(zone: string): Iterable<Unit> {
    return this.#zones.get(zone)?.values() ?? [];
  }

  get(zone: string, key: string): Unit | undefined {
    return this.#zones.get(zone)?.get(key);
  }

  *all(): Generator<Unit> {
    for (const units of this.#zones.values()) yield* units.values();
  }

  /** Units of a certificate's names, each once. */
  named(hostnames: readonly string[]): ReadonlySet<Unit> {
    return new Set(hostnames.flatMap((name) => [...(this.#names.get(normalizeHostname(name)) ?? [])]));
  }

  add(key: string, unit: Unit): void {
    const units = this.#zones.get(unit.zone) ?? new Map<string, Unit>();
    this.#zones.set(unit.zone, units.set(key, unit));
    this.#count += 1;
    for (const name of namesOf(unit))
      this.#names.set(name, (this.#names.get(name) ?? new Set<Unit>()).add(unit));
  }

  /** Removes the zone's units that are not kept, and returns them. */
  retain(zone: string, kept: ReadonlyMap<string, unknown>): readonly Unit[] {
    const units = this.#zones.get(zone);
    const removed: Unit[] = [];
    for (const [key, unit] of units ?? []) {
      if (kept.has(key)) continue;
      units?.delete(key);
      this.#count -= 1;
      removed.push(unit);
      for (const name of namesOf(unit)) {
        const named = this.#names.get(name);
        named?.delete(unit);
        if (named?.size === 0) this.#names.delete(name);
      }
    }
    if (units?.size === 0) this.#zones.delete(zone);
    return removed;
  }
}

function namesOf({ hostname }: Unit): readonly string[] {
  const wildcard = wildcardOf(hostname);
  return wildcard === undefined ? [hostname] : [hostname, wildcard];
}

/** A target for each of its addresses, by what tells them apart; one without addresses stays as it is. */
export function singles(targets: readonly ProbeTarget[]): ReadonlyMap<string, ProbeTarget> {
  const single = targets.flatMap((target) =>
    target.addresses.length < 2
      ? [target]
      : target.addresses.map((address) => ({ ...target, addresses: [address] })),
  );
  return new Map(single.map((target) => [keyOf(target), target]));
}

function keyOf({ hostname, addresses, fromRecord = false }: ProbeTarget): string {
  return `${normalizeHostname(hostname)} ${addresses.join()} ${fromRecord}`;
}

/** A new standard has the same text as another that judges alike. The private key of `client` is not in it. */
export function standardOf(trust: TrustSet, client: ClientPair | undefined): Standard {
  const { originCa, custom, publicRoots = [] } = trust;
  const text = [originCa, custom, publicRoots].map(fingerprints).concat(client?.certificate ?? '');
  return { trust, client, text: text.join('\n') };
}

const known = new WeakMap<readonly X509Certificate[], string>();

function fingerprints(certificates: readonly X509Certificate[]): string {
  const before = known.get(certificates);
  if (before !== undefined) return before;
  const text = certificates
    .map(({ fingerprint256 }) => fingerprint256)
    .toSorted()
    .join();
  known.set(certificates, text);
  return text;
}
