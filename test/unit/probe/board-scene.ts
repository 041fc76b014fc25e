import { ProbeBoard, type BoardOptions } from '../../../src/probe/board.ts';
import type { ProbeOptions, Probes, ProbeTarget, TrustSet, Verdict } from '../../../src/probe/types.ts';
import { TestClock } from '../../support/test-clock.ts';

export const TRUST: TrustSet = { originCa: [], publicRoots: [], custom: [] };
export const MINUTE = 60_000;

/** A target with one address. */
export function target(hostname: string, address = '10.0.0.1:443', source = 'Ingress web/shop'): ProbeTarget {
  return { hostname, addresses: [address], source };
}

/** A prober that answers as told, after `lookMs` of the clock, and remembers what it was asked. */
export class PaperProber implements Probes {
  readonly asked: { readonly hostname: string; readonly atMs: number; readonly options: ProbeOptions }[] = [];
  readonly #clock: TestClock;
  lookMs = 0;
  /** How long a look at a target takes: `lookMs`, unless told. */
  lookOf: (of: ProbeTarget) => number = () => this.lookMs;
  running = 0;
  mostRunning = 0;
  /** What becomes of the verdict; may throw. */
  find: (hostname: string) => Partial<Verdict> = () => ({});

  constructor(clock: TestClock) {
    this.#clock = clock;
  }

  get names(): readonly string[] {
    return this.asked.map(({ hostname }) => hostname);
  }

  async probe(of: ProbeTarget, _trust: TrustSet, options: ProbeOptions): Promise<readonly Verdict[]> {
    const { hostname, source, addresses } = of;
    const atMs = this.#clock.monotonic();
    const at = this.#clock.now();
    this.asked.push({ hostname, atMs, options });
    this.running += 1;
    this.mostRunning = Math.max(this.mostRunning, this.running);
    try {
      const lookMs = this.lookOf(of);
      if (lookMs > 0) await this.#clock.after(lookMs, options.signal);
      const found = this.find(hostname);
      return addresses.map((address) => ({
        hostname,
        address,
        source,
        result: 'Valid',
        message: 'fine',
        presented: undefined,
        tls: true,
        clientCertificate: 'no',
        redirectsToHttp: false,
        beganMs: atMs,
        at,
        ...found,
      }));
    } finally {
      this.running -= 1;
    }
  }
}

export interface BoardScene {
  readonly clock: TestClock;
  readonly prober: PaperProber;
  readonly board: ProbeBoard;
  readonly told: { readonly zone: string; readonly hostnames: readonly string[]; readonly atMs: number }[];
  readonly errors: unknown[];
  readonly stop: AbortController;
}

/** A board whose jitter is in the middle: exactly what it is told. */
export function boardScene(options: Partial<BoardOptions> = {}): BoardScene {
  const clock = new TestClock();
  const prober = new PaperProber(clock);
  const told: BoardScene['told'] = [];
  const errors: unknown[] = [];
  const stop = new AbortController();
  const board = new ProbeBoard({
    prober,
    clock,
    random: () => 0.5,
    onChange: (zone, hostnames) => void told.push({ zone, hostnames, atMs: clock.monotonic() }),
    onError: (error) => void errors.push(error),
    signal: stop.signal,
    ...options,
  });
  return { clock, prober, board, told, errors, stop };
}
