import type { OperatorProcess } from '../support/operator-process.ts';
import { Idleness } from '../support/idleness.ts';
import { NotYet, waitFor } from '../support/wait.ts';

const REST_MS = 500;

export interface RestOptions {
  readonly timeoutMs?: number;
  /** Between two scrapes, each of which costs the operator more the more objects there are. */
  readonly intervalMs?: number;
}

/** Resolves when the operator has looked at as many certificates since its start. */
export async function allLookedAt(
  operator: OperatorProcess,
  certificates: number,
  { timeoutMs = 120_000, intervalMs = 200 }: RestOptions = {},
): Promise<void> {
  await waitFor(
    'every certificate to be looked at',
    async () => {
      const looks = (await operator.metrics()).matchAll(
        /^controller_runtime_reconcile_total\{controller="certificate".*?\} (\d+)/gm,
      );
      const count = [...looks].reduce((sum, [, value]) => sum + Number(value), 0);
      return count >= certificates || new NotYet(count);
    },
    { timeoutMs, intervalMs },
  );
}

/** Resolves when there has been nothing to do for half a second. */
export async function atRest(
  operator: OperatorProcess,
  { timeoutMs = 120_000, intervalMs = 100 }: RestOptions = {},
): Promise<void> {
  const idleness = new Idleness();
  let since = performance.now();
  await waitFor(
    'the operator to come to rest',
    async () => {
      const isIdle = idleness.look(await operator.metrics());
      if (!isIdle) since = performance.now();
      return performance.now() - since > REST_MS || new NotYet(isIdle ? 'at rest' : 'busy');
    },
    { timeoutMs, intervalMs },
  );
}
