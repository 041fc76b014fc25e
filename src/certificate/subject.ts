/** One object, or what is left of one: the pending Secret of a uid that no object has any more. */
export interface Subject {
  readonly namespace: string;
  readonly name: string;
  /** Set for what is left of an object that is gone. */
  readonly orphanUid?: string;
}

/** The queue key of a subject: `namespace/name`, and `#uid` for what is left of an object that is gone. */
export function subjectKey({ namespace, name, orphanUid }: Subject): string {
  return orphanUid === undefined ? `${namespace}/${name}` : `${namespace}/${name}#${orphanUid}`;
}

/** A queue key back into what it names. */
export function parseSubject(key: string): Subject {
  const [ref = '', orphanUid] = key.split('#');
  const slash = ref.indexOf('/');
  const subject = { namespace: ref.slice(0, slash), name: ref.slice(slash + 1) };
  return orphanUid === undefined ? subject : { ...subject, orphanUid };
}
