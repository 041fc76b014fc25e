import type { ApiTrouble } from './steps.ts';

/** Paths of the API server that are not the Lease: refusing that is a fault of its own. */
const NOT_LEASES = /^(?!.*\/leases)/;

/** The rule for a replica's proxy that brings this trouble about. */
export function ruleOf(how: Exclude<ApiTrouble, 'drops watches' | 'is cut off'>) {
  const match = { path: NOT_LEASES, watch: false };
  switch (how) {
    case 'refuses with 429':
      return { fault: { type: 'status', status: 429, retryAfterSeconds: 1 }, match } as const;
    case 'refuses with 500':
      return { fault: { type: 'status', status: 500 }, match } as const;
    case 'refuses with 409':
      return { fault: { type: 'status', status: 409 }, match: { ...match, method: 'PATCH' } } as const;
    case 'loses answers':
      return { fault: { type: 'reset', when: 'after' }, match } as const;
    case 'is slow':
      return { fault: { type: 'slow', delayMs: 300 }, match } as const;
  }
}
