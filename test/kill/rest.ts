import { NotYet, waitFor } from '../support/wait.ts';
import type { Flow } from './flow.ts';
import type { Ground } from './ground.ts';

/** What only the API server's own controllers change passes nobody: it is looked for so often. */
const LOOK_EVERY_MS = 1_000;

/**
 * Resolves when all is as it must be and stays so for a while in which nothing passes. A look costs as much as a
 * request of the operator: there is none while something goes on, and one for each pause.
 */
export async function rest(ground: Ground, problemsOf: Flow['problems']): Promise<void> {
  const { killSwitch, waits } = ground.lane;
  let seen: readonly string[] = ['nothing has been looked at'];
  let lookedAt = -1;
  let lookedMs = 0;
  await waitFor(
    `${ground.name} to come to rest`,
    async () => {
      if (killSwitch.quietMs < waits.quietMs) return new NotYet([...seen, 'messages still pass']);
      const isNew = killSwitch.passed !== lookedAt || performance.now() - lookedMs > LOOK_EVERY_MS;
      if (isNew) {
        lookedAt = killSwitch.passed;
        lookedMs = performance.now();
        seen = await problemsOf(ground);
      }
      return seen.length === 0 || new NotYet(seen);
    },
    { timeoutMs: waits.restMs, intervalMs: 50 },
  );
}
