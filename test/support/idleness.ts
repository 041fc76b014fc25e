/**
 * Tells from scrapes of /metrics when an operator has nothing to do. A scrape is no snapshot: while it is written a key
 * that was ready may be taken, and neither shows. So it is idle when two in a row say so and no key came in between.
 */
export class Idleness {
  #addsBefore: number | undefined;

  /** @param metrics the next scrape. Returns whether it is idle. */
  look(metrics: string): boolean {
    const isBusy =
      sumOf(metrics, /^(?:workqueue_depth|controller_runtime_active_workers)\{.*?\} (\S+)/gm) > 0;
    const adds = sumOf(metrics, /^workqueue_adds_total\{.*?\} (\S+)/gm);
    const isIdle = !isBusy && adds === this.#addsBefore;
    this.#addsBefore = isBusy ? undefined : adds;
    return isIdle;
  }
}

function sumOf(metrics: string, series: RegExp): number {
  return [...metrics.matchAll(series)].reduce((sum, [, value]) => sum + Number(value), 0);
}
