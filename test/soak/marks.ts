import type { KubeObject, Secret } from '../../src/kube/object.ts';
import type { Change } from '../../src/kube/copy.ts';
import { encode } from '../../src/secret-facts.ts';

/** What strangers write on objects begins so, and is nobody else's to take away. */
const STRANGERS = 'stranger.example.com/';
const STRANGERS_FILE = 'strangers-file';
/** On a Secret that somebody made for something else, under a name that the operator was to use. */
const OWN = `${STRANGERS}own`;

/** Fields of a stranger, for any object; others with every number. */
export function marks(number: number): object {
  return {
    metadata: {
      labels: { [`${STRANGERS}team`]: `theirs-${number}` },
      annotations: { [`${STRANGERS}note`]: `keep this, ${number}` },
    },
  };
}

/** The same for a Secret, which may hold a file of theirs too. */
export function secretMarks(number: number): object {
  return { ...marks(number), data: { [STRANGERS_FILE]: encode(`keep this, ${number}`) } };
}

/** For a Secret that is a stranger's altogether. */
export const OWN_MARKS = { annotations: { [OWN]: 'yes' } };

export function isStrangers({ metadata }: Pick<Secret, 'metadata'>): boolean {
  return metadata.annotations?.[OWN] !== undefined;
}

/** Fields of strangers that one state of an object has and the next has not, or not so. */
export function lostMarksOf({
  current,
  previous,
}: Pick<Change<KubeObject | Secret>, 'current' | 'previous'>): readonly string[] {
  if (!current || !previous || previous.metadata.uid !== current.metadata.uid) return [];
  const after = marksOf(current);
  return [...marksOf(previous)].filter(([name, value]) => after.get(name) !== value).map(([name]) => name);
}

function marksOf(object: KubeObject | Secret): ReadonlyMap<string, string> {
  const { labels = {}, annotations = {} } = object.metadata;
  const file = 'data' in object ? object.data?.[STRANGERS_FILE] : undefined;
  const fields = [...Object.entries(labels), ...Object.entries(annotations)];
  const theirs = fields.filter(([name]) => name.startsWith(STRANGERS));
  return new Map([...theirs, ...(file === undefined ? [] : [[STRANGERS_FILE, file] as const])]);
}
