import { errorMessage } from '../programs/errors.ts';
import type { Journal } from './journal.ts';

/** One thing after the other; what fails is told, and keeps nothing that comes after it from being done. */
export class InTurn {
  readonly #journal: Pick<Journal, 'failedLook'>;
  #done: Promise<void> = Promise.resolve();

  constructor(journal: Pick<Journal, 'failedLook'>) {
    this.#journal = journal;
  }

  add(work: () => Promise<void>): void {
    this.#done = this.#done
      .then(work)
      .catch((error: unknown) => this.#journal.failedLook(errorMessage(error)));
  }

  /** Resolves once everything that was added so far is done. */
  async settled(): Promise<void> {
    await this.#done;
  }
}
