/**
 * Listings that failed after the worker had left them: the object that waited hears of it on its next pass. Without
 * it an outage that takes long to say no would be a failure of nobody: never told, and asked again at once.
 */
export class BrokenListings {
  readonly #errors = new Map<string, Map<string, Error>>();

  /** @param key queue key of the object that waits. */
  note(key: string, zoneId: string, error: unknown): void {
    const errors = this.#errors.get(key) ?? new Map<string, Error>();
    errors.set(zoneId, error instanceof Error ? error : new Error('a listing failed', { cause: error }));
    this.#errors.set(key, errors);
  }

  /** What became of the listing that the object left, once. */
  take(key: string, zoneId: string): Error | undefined {
    const errors = this.#errors.get(key);
    const error = errors?.get(zoneId);
    errors?.delete(zoneId);
    if (errors?.size === 0) this.#errors.delete(key);
    return error;
  }

  forget(key: string): void {
    this.#errors.delete(key);
  }
}
