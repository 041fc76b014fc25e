import type { KubeObject } from '../../src/kube/object.ts';
import type { Change } from '../../src/kube/copy.ts';

/**
 * Which states of which objects are people's doing. People work one after the other, so that it is known as soon as
 * what they do now is done.
 */
export class Traces {
  /** The resourceVersions that people made, by uid. */
  readonly #made = new Map<string, readonly number[]>();
  /** uids of what people deleted. */
  readonly #deleted = new Set<string>();
  #working: Promise<unknown> = Promise.resolve();

  /** Has people do this once they have done what they do now. */
  async work(deed: () => Promise<void>): Promise<void> {
    const done = this.#working.then(deed);
    this.#working = done.catch(() => undefined); // Whoever asked for it is told.
    await done;
  }

  noteMade({ uid, resourceVersion }: KubeObject['metadata']): void {
    const known = this.#made.get(uid ?? '') ?? [];
    this.#made.set(uid ?? '', [...known, Number(resourceVersion ?? 0)]);
  }

  /**
   * Whether a write changed anything, which is noted then: what it found as it would have it is not people's doing, and a
   * write of the operator's that comes next has nothing to conflict with.
   */
  noteChange(before: KubeObject['metadata'], after: KubeObject['metadata']): boolean {
    if (before.resourceVersion === after.resourceVersion) return false;
    this.noteMade(after);
    return true;
  }

  noteDeleted(uid: string): void {
    this.#deleted.add(uid);
  }

  /** Resolves once people have done what they do now. */
  async idle(): Promise<void> {
    await this.#working;
  }

  /**
   * Whether people had a hand in what an object came to be. A watch that was cut off sees only what came of several
   * changes, some of them theirs.
   */
  async made({ current, previous }: Change<KubeObject>): Promise<boolean> {
    await this.#working;
    const before = Number(previous?.metadata.resourceVersion ?? 0);
    const now = Number(current?.metadata.resourceVersion ?? 0);
    const theirs = this.#made.get(current?.metadata.uid ?? '') ?? [];
    return theirs.some((version) => before < version && version <= now);
  }

  /** Whether people deleted that object. */
  async deleted(uid: string): Promise<boolean> {
    await this.#working;
    return this.#deleted.has(uid);
  }
}
