import type { Clock } from '../clock.ts';
import type { ClientPair, Probes, ProbeTarget, TrustSet, Verdict } from './types.ts';

export interface BoardOptions {
  readonly prober: Probes;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Between two looks at a name, give or take a fifth. Default 30 min; a bad origin is looked at six times as often. */
  readonly refreshMs?: number;
  /**
   * Verdicts of the zone changed, or what `since` or `refresh` asked for is there. `hostnames` are those with news
   * since the last call.
   */
  readonly onChange: (zone: string, hostnames: readonly string[]) => void;
  /** A prober threw, which is a mistake of ours: the name is `Unverifiable` and looked at again. */
  readonly onError?: (error: unknown, hostname: string) => void;
  /** Ends all probing. */
  readonly signal: AbortSignal;
}

/** What zones and certificates share: the last verdicts. Probes run in the background, nobody waits for them. */
export class ProbeBoard {
  readonly #o: BoardOptions;

  constructor(options: BoardOptions) {
    this.#o = options;
  }

  /**
   * Replaces what is to be probed for a zone. Verdicts of names or addresses no longer there are forgotten; after
   * a change of `trust` or `client` all names count as missing until they were looked at again.
   */
  setTargets(_zone: string, _targets: readonly ProbeTarget[], _trust: TrustSet, _client?: ClientPair): void {
    this.#o.signal.throwIfAborted();
  }

  /** Forgets a zone. */
  drop(_zone: string): void {
    this.#o.signal.throwIfAborted();
  }

  /**
   * The latest verdicts of the zone's names, whatever their age; `missing` are the names without one that began at
   * or after `sinceMs` (monotonic). They are probed as soon as the limits allow, and `onChange` tells when none is
   * missing any more.
   */
  since(
    _zone: string,
    _sinceMs: number,
  ): { readonly verdicts: readonly Verdict[]; readonly missing: readonly string[] } {
    return { verdicts: [], missing: [] };
  }

  /**
   * Looks at these names again once `notBeforeMs` (monotonic) has passed, whatever zone they belong to. A wildcard
   * stands for all names it covers: one label.
   */
  refresh(_hostnames: readonly string[], _notBeforeMs: number): void {
    this.#o.signal.throwIfAborted();
  }

  /** Latest verdicts for a certificate's names; wildcards cover one label. */
  verdictsFor(_hostnames: readonly string[]): readonly Verdict[] {
    return [];
  }
}
