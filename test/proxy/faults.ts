/** What happens to a request instead of being passed on, or to its answer. */
export type Fault =
  /** The connection is reset: before the request is passed on, or after it took effect. */
  | { readonly type: 'reset'; readonly when: 'before' | 'after' }
  /** No answer, ever: the request is never passed on, or it takes effect and its answer is held. */
  | { readonly type: 'hang'; readonly when: 'before' | 'after' }
  /** The proxy answers itself. `body` defaults to a Kubernetes Status of that code. */
  | {
      readonly type: 'status';
      readonly status: number;
      readonly retryAfterSeconds?: number;
      readonly body?: string;
      readonly contentType?: string;
    }
  /** Passed on late; each piece of the answer comes `dripMs` after the one before. */
  | { readonly type: 'slow'; readonly delayMs: number; readonly dripMs?: number }
  /** The answer is cut in the middle of its first line, by a reset. */
  | { readonly type: 'cut' }
  /** The answer ends in good order before its first byte, as when a server closes a watch. */
  | { readonly type: 'end' };

export interface Match {
  readonly method?: string;
  /** Matched against path and query. */
  readonly path?: string | RegExp;
  /** Only watches, or only what is none. */
  readonly watch?: boolean;
}

/** A fault for the requests that match (absent: all), `count` times (absent: until it is cleared). */
export interface Rule {
  readonly fault: Fault;
  readonly match?: Match;
  readonly count?: number;
}

/** The rules in force, in the order of their injection; the first that matches counts. */
export class Rules {
  #rules: { readonly rule: Rule; left: number }[] = [];

  /** Returns a function that takes the rule out. */
  inject(rule: Rule): () => void {
    const entry = { rule, left: rule.count ?? Number.POSITIVE_INFINITY };
    this.#rules.push(entry);
    return () => {
      this.#rules = this.#rules.filter((other) => other !== entry);
    };
  }

  clear(): void {
    this.#rules = [];
  }

  /** The fault for this request, if any; uses up one of the rule's times. */
  take(method: string, path: string): Fault | undefined {
    const entry = this.#rules.find(({ rule, left }) => left > 0 && matches(rule.match ?? {}, method, path));
    if (entry === undefined) return undefined;
    entry.left -= 1;
    return entry.rule.fault;
  }
}

export function isWatch(path: string): boolean {
  return /[?&]watch=(true|1)(&|$)/.test(path);
}

function matches(match: Match, method: string, path: string): boolean {
  if (match.method !== undefined && match.method !== method) return false;
  if (match.watch !== undefined && match.watch !== isWatch(path)) return false;
  if (match.path === undefined) return true;
  return typeof match.path === 'string' ? path.includes(match.path) : match.path.test(path);
}
