import type { Gate, Passage } from '../proxy/gate.ts';
import { type ServerName, shapeOf } from './shape.ts';
import { States } from './states.ts';

/** One run of a flow, as the switch sees it. */
export interface Watched {
  /** What the names of the run's objects begin with. */
  readonly name: string;
  /** Whether the operator is to be killed as this message passes. */
  readonly strikes: (point: string) => boolean;
  /** What a person does while the first POST for a certificate is on its way: the POST waits for it. */
  readonly midway?: (() => Promise<void>) | undefined;
  /** Told of each certificate that is about to be revoked: the request waits for it. */
  readonly revoking: (id: string) => Promise<void>;
}

/** A message as which the operator can be killed. */
export interface Point {
  /** What passes, and how many like it have. */
  readonly name: string;
  /** Two with the same number in one run cannot be told apart by what a restarted operator finds. */
  readonly state: number;
}

const REVOCATION = /^\/client\/v4\/certificates\/(\d+)$/;
const FIRST_POST = 'before POST cloudflare/certificates #1';

/**
 * Counts what passes between the operator and its servers, and kills the operator at a point: the request that it
 * dies before never reaches the server, the answer that it dies before never reaches the operator.
 */
export class KillSwitch {
  readonly #kill: () => Promise<boolean>;
  #watched: Watched | undefined;
  #counts = new Map<string, number>();
  #points: Point[] = [];
  #states = new States();
  #lastMs = 0;
  /** How much has passed since the beginning of the lane. */
  passed = 0;
  /** How often the operator was killed in this run. */
  kills = 0;

  /** @param kill resolves when the operator is dead, or to false when none was running. */
  constructor(kill: () => Promise<boolean>) {
    this.#kill = kill;
  }

  begin(watched: Watched): void {
    this.#counts = new Map();
    this.#points = [];
    this.#states = new States();
    this.kills = 0;
    this.#watched = watched;
    this.#lastMs = performance.now();
  }

  end(): void {
    this.#watched = undefined;
  }

  /** What has passed since `begin`, in order. */
  get points(): readonly Point[] {
    return this.#points;
  }

  /** For how long nothing has passed. */
  get quietMs(): number {
    return performance.now() - this.#lastMs;
  }

  /** Something that people do, which may change any of the two servers. */
  duringWork(work: () => Promise<void>): Promise<void> {
    return this.#states.duringWork(work);
  }

  gate(server: ServerName): Gate {
    return (passage) => this.#judge(server, passage);
  }

  async #judge(server: ServerName, passage: Passage): Promise<'pass' | 'drop'> {
    const watched = this.#watched;
    const shape = shapeOf(server, passage, watched?.name);
    if (shape === undefined) return 'pass';
    this.#lastMs = performance.now();
    this.passed += 1;
    if (watched === undefined) return 'pass';
    const states = this.#states;
    const count = (this.#counts.get(shape) ?? 0) + 1;
    this.#counts.set(shape, count);
    const name = `${shape} #${count}`;
    const { midway } = watched;
    if (name === FIRST_POST && midway !== undefined) await states.duringWork(midway);
    this.#points.push({ name, state: states.at(server, passage) });
    if (!watched.strikes(name) || !(await this.#kill())) {
      await this.#watchRevocation(server, passage);
      states.passed(server, passage);
      return 'pass';
    }
    this.kills += 1;
    return 'drop';
  }

  async #watchRevocation(server: ServerName, { when, method, path }: Passage): Promise<void> {
    if (server !== 'cloudflare' || when !== 'before' || method !== 'DELETE') return;
    const [, id] = REVOCATION.exec(path) ?? [];
    if (id !== undefined) await this.#watched?.revoking(id);
  }
}
