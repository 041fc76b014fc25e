import type { Gate, Passage } from '../proxy/gate.ts';
import { type ServerName, shapeOf } from './shape.ts';

/** One run of a flow, as the switch sees it. */
export interface Watched {
  /** What the names of the run's objects begin with. */
  readonly name: string;
  /** Whether the operator is to be killed as this message passes. */
  readonly strikes: (point: string) => boolean;
  /** What a person does while the first POST for a certificate is on its way: the POST waits for it. */
  readonly midway?: (() => Promise<void>) | undefined;
}

const FIRST_POST = 'before POST cloudflare/certificates #1';

/**
 * Counts what passes between the operator and its servers, and kills the operator at a point: the request that it
 * dies before never reaches the server, the answer that it dies before never reaches the operator.
 */
export class KillSwitch {
  readonly #kill: () => Promise<boolean>;
  #watched: Watched | undefined;
  #counts = new Map<string, number>();
  #points: string[] = [];
  #lastMs = 0;
  /** How often the operator was killed in this run. */
  kills = 0;

  /** @param kill resolves when the operator is dead, or to false when none was running. */
  constructor(kill: () => Promise<boolean>) {
    this.#kill = kill;
  }

  begin(watched: Watched): void {
    this.#counts = new Map();
    this.#points = [];
    this.kills = 0;
    this.#watched = watched;
    this.#lastMs = performance.now();
  }

  end(): void {
    this.#watched = undefined;
  }

  /** What has passed since the beginning, in order: each message with how many like it had passed. */
  get points(): readonly string[] {
    return this.#points;
  }

  /** For how long nothing has passed. */
  get quietMs(): number {
    return performance.now() - this.#lastMs;
  }

  gate(server: ServerName): Gate {
    return (passage) => this.#judge(server, passage);
  }

  async #judge(server: ServerName, passage: Passage): Promise<'pass' | 'drop'> {
    const watched = this.#watched;
    const shape = watched && shapeOf(server, passage, watched.name);
    if (watched === undefined || shape === undefined) return 'pass';
    this.#lastMs = performance.now();
    const count = (this.#counts.get(shape) ?? 0) + 1;
    this.#counts.set(shape, count);
    const point = `${shape} #${count}`;
    this.#points.push(point);
    if (point === FIRST_POST) await watched.midway?.();
    if (!watched.strikes(point) || !(await this.#kill())) return 'pass';
    this.kills += 1;
    return 'drop';
  }
}
