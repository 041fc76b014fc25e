import { type KubeObject, keyOf, refOf } from './object.ts';

/** Added: no `previous`. Deleted: no `current`. An object replaced under its name is deleted, then added. */
export interface Change<S> {
  readonly key: string;
  readonly current?: Readonly<S>;
  readonly previous?: Readonly<S>;
  readonly uid: string;
  /** Of the newest state seen, so that a caller can tell its own writes. */
  readonly resourceVersion: string;
}

interface Entry<S> {
  readonly value: Readonly<S>;
  readonly uid: string;
  readonly resourceVersion: string;
}

export interface CopyOptions<T, S> {
  /** What is kept of an object. */
  readonly transform: (object: T) => S;
  /** Called after the copy has changed. What it throws goes to `onError` and stops nothing. */
  readonly onChange: ((change: Change<S>) => void) | undefined;
  /** Told every throw of `transform` and `onChange`. */
  readonly onError: (error: unknown) => void;
}

/** The objects of one kind as they were seen last, by key. */
export class Copy<T extends KubeObject, S> {
  readonly #o: CopyOptions<T, S>;
  readonly #entries = new Map<string, Entry<S>>();

  constructor(options: CopyOptions<T, S>) {
    this.#o = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): Readonly<S> | undefined {
    return this.#entries.get(key)?.value;
  }

  list(): Readonly<S>[] {
    return Array.from(this.#entries.values(), ({ value }) => value);
  }

  *entries(): Generator<[key: string, value: Readonly<S>]> {
    for (const [key, { value }] of this.#entries) yield [key, value];
  }

  /** Takes an object as it is now; returns its key. */
  put(object: T): string {
    const key = keyOf(refOf(object));
    const { uid = '', resourceVersion = '' } = object.metadata;
    const before = this.#entries.get(key);
    if (before !== undefined && before.uid === uid && before.resourceVersion === resourceVersion) return key;
    if (before !== undefined && before.uid !== uid) this.drop(key);
    const current = this.#make(object);
    if (current === undefined) {
      this.drop(key);
      return key;
    }
    const previous = this.#entries.get(key)?.value;
    this.#entries.set(key, { value: current, uid, resourceVersion });
    this.#change({ key, current, ...(previous === undefined ? {} : { previous }), uid, resourceVersion });
    return key;
  }

  /** Without a resourceVersion the deletion was not seen, only that the object is gone. */
  drop(key: string, resourceVersion?: string): void {
    const before = this.#entries.get(key);
    if (before === undefined) return;
    this.#entries.delete(key);
    const { value: previous, uid } = before;
    this.#change({ key, previous, uid, resourceVersion: resourceVersion ?? before.resourceVersion });
  }

  /** Drops all whose keys are not among these. */
  keep(keys: ReadonlySet<string>): void {
    for (const key of this.#entries.keys()) if (!keys.has(key)) this.drop(key);
  }

  /** An object that cannot be transformed is told and left out: it must not keep the others from being seen. */
  #make(object: T): S | undefined {
    try {
      return this.#o.transform(object);
    } catch (error) {
      this.#o.onError(error);
      return undefined;
    }
  }

  #change(change: Change<S>): void {
    try {
      this.#o.onChange?.(change);
    } catch (error) {
      this.#o.onError(error);
    }
  }
}
