import type { Clock } from '../../clock.ts';
import type { Acceptance } from './world.ts';

/** Origins that take a CA are believed for so long. */
const BELIEVED_MS = 60_000;
/** Origins that do not are asked again after this, then after twice as long each time. */
const AGAIN_MIN_MS = 60_000;
const AGAIN_MAX_MS = 5 * 60_000;

interface Asked {
  readonly ca: string;
  readonly isAsking: boolean;
  readonly atMs: number;
  /** Times in a row without all of them taking it. */
  readonly vain: number;
  /** Who refused when they were asked last; undefined: nobody is known to. */
  readonly refusedBy: readonly string[] | undefined;
}

/** What origins said when they were asked about a new CA. A refusal stands until another answer takes its place. */
export class AskedOrigins {
  readonly #clock: Clock;
  #asked: Asked | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param ca fingerprint of the CA that is to come. */
  acceptanceOf(ca: string | undefined): Acceptance {
    const asked = this.#asked;
    if (asked === undefined || asked.ca !== ca) return { state: 'unasked' };
    const { isAsking, atMs, vain, refusedBy: by } = asked;
    const agoMs = this.#clock.monotonic() - atMs;
    const isDue = !isAsking && agoMs >= againMs(vain);
    if (by !== undefined) return { state: 'refused', by, isDue };
    if (isAsking || vain > 0) return isDue ? { state: 'unasked' } : { state: 'asking' };
    return agoMs < BELIEVED_MS ? { state: 'accepted' } : { state: 'unasked' };
  }

  begin(ca: string): void {
    const { vain, refusedBy } = this.#before(ca);
    this.#asked = { ca, isAsking: true, atMs: this.#clock.monotonic(), vain, refusedBy };
  }

  /** @param by who refused; undefined: they could not be asked, which says nothing of them. */
  answered(ca: string, by: readonly string[] | undefined): void {
    const { vain, refusedBy } = this.#before(ca);
    const isAccepted = by?.length === 0;
    this.#asked = {
      ca,
      isAsking: false,
      atMs: this.#clock.monotonic(),
      vain: isAccepted ? 0 : vain + 1,
      refusedBy: isAccepted ? undefined : (by ?? refusedBy),
    };
  }

  #before(ca: string): Pick<Asked, 'vain' | 'refusedBy'> {
    return this.#asked?.ca === ca ? this.#asked : { vain: 0, refusedBy: undefined };
  }
}

function againMs(vain: number): number {
  return Math.min(AGAIN_MAX_MS, AGAIN_MIN_MS * 2 ** Math.max(0, vain - 1));
}
