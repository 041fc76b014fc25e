import type { Ask } from './breaker.ts';

/** What a turn is for: a request, or a few of which the later ones follow from the first. */
export interface Want extends Ask {
  /** So many at most; 1 unless given. All are kept when the turn comes, or the later ones would never get through. */
  readonly requests?: number;
}

/** How many requests are wanted at most. */
export function countOf({ requests = 1 }: Want): number {
  return requests;
}

/** The line of those who need requests, for who looks at an object and must not stay to wait. */
export interface Turns {
  /** Whether the asker may send this now. It is kept for it then, until `ended`: nobody else is let in for it. */
  admits(want: Want): boolean;
  /** The asker waits until it is called. Who waits already does not lose its place by what its urgency is now. */
  join(want: Want): void;
  /** It does not wait any more. What it tried in this incident is forgotten only when it has what it wanted. */
  leave(key: string, isDone: boolean): void;
  /** A look at the object is over, whatever came of it; a probe that it did not send is somebody else's. */
  ended(key: string): void;
}

/** The same line, for what reads in the background and for who comes after it. */
export interface BackgroundTurns {
  /** How many wait for nothing but the process's bucket. */
  readonly waitingForBudget: number;
  /** Resolves with true when one such request was paid for, with false when something else holds it back. */
  turn(ask: Ask, signal: AbortSignal): Promise<boolean>;
}
