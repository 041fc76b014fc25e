import type { KubeObject } from '../../src/kube/object.ts';
import type { Change } from '../../src/kube/copy.ts';
import { Reflector } from '../../src/kube/reflector.ts';
import type { Resource } from '../../src/kube/resource.ts';
import { InTurn } from './in-turn.ts';
import type { Journal } from './journal.ts';
import type { Leaks } from './leaks.ts';
import type { Ledger } from './ledger.ts';
import type { Stage } from './stage.ts';
import type { Users } from './users.ts';

/** What judges know, and where they write what they found. */
export interface JudgeParts {
  readonly stage: Stage;
  readonly users: Users;
  readonly ledger: Ledger;
  readonly leaks: Leaks;
  readonly journal: Journal;
}

/** Reads every state of every object of a kind and judges them in their order. */
export abstract class Judge<T extends KubeObject> {
  protected readonly parts: JudgeParts;
  /** One for each namespace. */
  readonly #reflectors: readonly Reflector<T>[];
  readonly #stop = new AbortController();
  readonly #running: Promise<unknown>;
  readonly #judged: InTurn;

  protected constructor(parts: JudgeParts, resource: Resource<T>) {
    this.parts = parts;
    this.#judged = new InTurn(parts.journal);
    const { kube, places } = parts.stage;
    const onChange = (change: Change<T>): void => this.#judged.add(() => this.judge(change));
    this.#reflectors = places.all.map(
      (namespace) => new Reflector<T>({ client: kube, namespace, resource, onChange }),
    );
    this.#running = Promise.all(this.#reflectors.map((reflector) => reflector.run(this.#stop.signal)));
  }

  get synced(): Promise<unknown> {
    return Promise.all(this.#reflectors.map(({ synced }) => synced));
  }

  /** Resolves once everything seen so far is judged. */
  async settled(): Promise<void> {
    await this.#judged.settled();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.#judged.settled();
  }

  /** Each once the one before it is judged: it may have to be awaited whether people made it. One that fails is a failed look. */
  protected abstract judge(change: Change<T>): Promise<void>;
}
