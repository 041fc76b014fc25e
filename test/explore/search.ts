import { digest, digestOf, digestOfObjects } from './digest.ts';
import { isAtRest, moves, type People } from './moves.ts';
import { brokenAtRest } from './promises-at-rest.ts';
import type { Runner } from './runner.ts';
import type { Process, State } from './state.ts';

/** How to search, and when to stop. */
export interface Limits {
  /**
   * `nearest` finds a shortest way to a broken promise. `deepest` keeps few states in memory and goes on with passes
   * that are still live: faster where everything is to be seen.
   */
  readonly first: 'nearest' | 'deepest';
  /** States after which the search gives up. */
  readonly states: number;
  /** What to call now and then. */
  readonly onProgress?: (states: number) => void;
}

/** What a search has found. */
export interface Findings {
  readonly states: number;
  /** Most moves from the start to a state. */
  readonly depth: number;
  /** States in which nothing was under way any more. */
  readonly rests: number;
  /** Whether every state was seen. */
  readonly complete: boolean;
  /** The first promise found broken. */
  readonly violation: Violation | undefined;
}

/** A promise that is broken, and the moves that lead there. */
export interface Violation {
  readonly broken: string;
  readonly trace: readonly string[];
}

interface Place {
  readonly state: State;
  readonly label: string;
  readonly depth: number;
  readonly from: Place | undefined;
}

const PROGRESS = 50_000;

/** Visits every state that can be reached, until a promise is broken. */
export async function explore(
  runner: Runner,
  people: People,
  start: State,
  { first, states, onProgress }: Limits,
): Promise<Findings> {
  const known = new Set([nameOf(start)]);
  const frontier = new Frontier(first, { state: start, label: '', depth: 0, from: undefined });
  let [depth, rests] = [0, 0];
  const result = (complete: boolean, violation?: Violation): Findings => ({
    states: known.size,
    depth,
    rests,
    complete,
    violation,
  });
  for (let place = frontier.take(); place; place = frontier.take()) {
    depth = Math.max(depth, place.depth);
    if (isAtRest(place.state)) {
      rests++;
      const broken = brokenAtRest(place.state);
      if (broken !== undefined) return result(false, { broken, trace: [...traceOf(place), 'at rest'] });
    }
    for (const { label, step } of moves(runner, people, place.state, start.now)) {
      const { state, broken } = await step();
      const next: Place = { state, label, depth: place.depth + 1, from: place };
      if (broken !== undefined) return result(false, { broken, trace: traceOf(next) });
      const name = nameOf(state);
      if (known.has(name)) continue;
      known.add(name);
      frontier.add(next);
      if (known.size % PROGRESS === 0) onProgress?.(known.size);
      if (known.size >= states) return result(false);
    }
  }
  return result(true);
}

/** Places that were reached and not looked at yet. */
class Frontier {
  readonly #first: Limits['first'];
  #places: Place[];
  /** Those to come after all of `#places`. */
  #farther: Place[] = [];

  constructor(first: Limits['first'], start: Place) {
    this.#first = first;
    this.#places = [start];
  }

  add(place: Place): void {
    (this.#first === 'deepest' ? this.#places : this.#farther).push(place);
  }

  take(): Place | undefined {
    if (this.#places.length === 0) {
      this.#places = this.#farther.reverse();
      this.#farther = [];
    }
    return this.#places.pop();
  }
}

function traceOf(place: Place): string[] {
  const trace: string[] = [];
  for (let at: Place | undefined = place; at?.from; at = at.from) trace.push(at.label);
  return trace.reverse();
}

/** The same for the same state. */
function nameOf(state: State): string {
  const { now, refusedUntil, api, cloudflare, late, processes, running, left, users } = state;
  const parts = [
    now,
    refusedUntil,
    digestOfObjects(api),
    digestOf(cloudflare),
    ...late.map(({ call, deadline }) => `${digestOf(call)} ${deadline}`),
    digestOf(users),
    Object.values(left).join(),
    running,
    ...processes.map(processName),
  ];
  return digest(parts.join('|'));
}

function processName({ name, memory, keys, listing, dirty, timers, pass }: Process): string {
  const seen = listing ? `${listing.startedMs} ${digestOf(listing.certificates)}` : '';
  return [name, pass ? pass.digest : memory, keys, seen, dirty.join(), JSON.stringify(timers)].join('~');
}
