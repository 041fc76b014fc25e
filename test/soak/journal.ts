import { isByPeople, nameOf, type Step, wordsOf } from './steps.ts';

/** A promise that was broken. */
export interface Violation {
  /** Seconds since the beginning. */
  readonly atSeconds: number;
  readonly what: string;
  /** The last operations before it, oldest first. */
  readonly operations: readonly string[];
}

const KEPT_OPERATIONS = 50;
const KEPT_VIOLATIONS = 20;

/** What was done, what went wrong on purpose, and which promises were broken. */
export class Journal {
  readonly violations: Violation[] = [];
  /** How often each kind of step was taken. */
  readonly people = new Map<string, number>();
  readonly faults = new Map<string, number>();
  failedLooks = 0;
  readonly #startMs = performance.now();
  readonly #onViolation: (violation: Violation) => void;
  readonly #told = new Set<string>();
  #last: string[] = [];

  constructor(onViolation: (violation: Violation) => void) {
    this.#onViolation = onViolation;
  }

  get seconds(): number {
    return (performance.now() - this.#startMs) / 1000;
  }

  /** Steps so far. */
  get steps(): number {
    return [...this.people.values(), ...this.faults.values()].reduce((sum, count) => sum + count, 0);
  }

  step(step: Step): void {
    const counts = isByPeople(step) ? this.people : this.faults;
    const name = nameOf(step);
    counts.set(name, (counts.get(name) ?? 0) + 1);
    this.note(wordsOf(step));
  }

  /** Something that belongs to the story and is no step: an end, a start. */
  note(what: string): void {
    this.#last = [...this.#last, `${this.seconds.toFixed(1).padStart(7)} s  ${what}`].slice(-KEPT_OPERATIONS);
  }

  /** Somebody could not look or do what he wanted: the machine is busy, or a server is gone. */
  failedLook(why: string): void {
    this.failedLooks += 1;
    this.note(`(not looked or not done: ${why})`);
  }

  /** Of the same one only the first is told. */
  violation(what: string): void {
    if (this.#told.has(what) || this.violations.length === KEPT_VIOLATIONS) return;
    this.#told.add(what);
    const violation = { atSeconds: this.seconds, what, operations: this.#last };
    this.violations.push(violation);
    this.#onViolation(violation);
  }
}
