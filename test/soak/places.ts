/** Where people work; objects of both places bear the same names, so that none may ever be taken for another. */
const PLACES = ['north', 'south'] as const;
export type Place = (typeof PLACES)[number];

/** So many OriginCertificates, `north/slot-0` and so on, in every place in turn. */
export function slotsOf(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) =>
    slotOf(PLACES[index % PLACES.length] ?? 'north', `slot-${Math.floor(index / PLACES.length)}`),
  );
}

export function slotOf(place: Place, name: string): string {
  return `${place}/${name}`;
}

export function placeOf(slot: string): Place {
  return PLACES.find((place) => slot.startsWith(`${place}/`)) ?? 'north';
}

/** The name of the object. */
export function objectNameOf(slot: string): string {
  return slot.slice(slot.indexOf('/') + 1);
}

interface Named {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}

/** The namespaces of one soak. */
export class Places {
  /** Where the operator's Lease is too. */
  readonly north: string;
  readonly south: string;

  constructor(namespace: string) {
    this.north = namespace;
    this.south = `${namespace}-south`;
  }

  get all(): readonly string[] {
    return PLACES.map((place) => this[place]);
  }

  /** The one that people of every place may refer to. */
  get clusterIssuer(): string {
    return this.north;
  }

  /** A Secret of this soak in the operator's own namespace, which several share. */
  systemName(name: string): string {
    return `${this.north}.${name}`;
  }

  namespaceOf(slot: string): string {
    return this[placeOf(slot)];
  }

  /** How an object or a Secret is found: those of a slot lie together. */
  refOf(slot: string, name = objectNameOf(slot)): { name: string; namespace: string } {
    return { name, namespace: this.namespaceOf(slot) };
  }

  slotOf({ namespace, name }: Named): string {
    return slotOf(namespace === this.south ? 'south' : 'north', name ?? '');
  }
}
