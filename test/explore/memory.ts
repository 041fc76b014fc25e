import type { CertificateMemory } from '../../src/certificate/memory.ts';

/** The maps and sets of a process's memory, whatever they are called. */
type Fields = Record<string, unknown>;

/** A process's memory as text, from which `restore` makes the same again. */
export function remembered(memory: CertificateMemory): string {
  return JSON.stringify([memory, ...partsOf(memory)].map(fieldsOf), plain);
}

/** Fills a new memory with what was kept as text; nothing was kept of a process that has just started. */
export function restore(memory: CertificateMemory, text: string): void {
  if (text === '') return;
  const kept = JSON.parse(text, revived) as Fields[];
  [memory, ...partsOf(memory)].forEach((part, index) => void Object.assign(part, kept[index]));
}

function partsOf({ sightings, pendings, attempts }: CertificateMemory): readonly object[] {
  return [sightings, pendings, attempts];
}

function fieldsOf(object: object): Fields {
  const fields = Object.entries(object) as [string, unknown][];
  return Object.fromEntries(fields.filter(([, value]) => value instanceof Map || value instanceof Set));
}

/** Marks of what JSON has no words for. */
const KIND = { map: '$map', set: '$set', number: '$number' } as const;

function plain(_: string, value: unknown): unknown {
  if (value instanceof Map) return { [KIND.map]: [...value] as unknown[] };
  if (value instanceof Set) return { [KIND.set]: [...value] as unknown[] };
  return value === -Infinity ? { [KIND.number]: '-Infinity' } : value;
}

function revived(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  if (Object.hasOwn(value, KIND.map)) return new Map((value as { readonly $map: [unknown, unknown][] }).$map);
  if (Object.hasOwn(value, KIND.set)) return new Set((value as { readonly $set: unknown[] }).$set);
  return Object.hasOwn(value, KIND.number) ? -Infinity : value;
}
