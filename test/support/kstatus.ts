import type { KubeObject } from '../../src/kube/object.ts';

/** What `kubectl`-like tools (Flux, kpt, cli-utils) make of an object. */
export type KStatus = 'Terminating' | 'InProgress' | 'Failed' | 'Current';

/** An object of any kind, as far as kstatus looks at it. */
export interface Conditioned extends KubeObject {
  readonly status?:
    | {
        readonly observedGeneration?: number | undefined;
        readonly conditions?:
          readonly { readonly type: string; readonly status: string; readonly reason: string }[] | undefined;
      }
    | undefined;
}

/**
 * The rules of kstatus for kinds that it does not know by name, from its documentation: deletion, a generation not
 * yet seen, the abnormal-true conditions Reconciling and Stalled, then Ready. What says nothing of all this is
 * taken for current, which is why our statuses begin with observedGeneration -1.
 */
export function kstatus({ metadata, status }: Conditioned): KStatus {
  if (metadata.deletionTimestamp !== undefined) return 'Terminating';
  const { observedGeneration, conditions = [] } = status ?? {};
  if (observedGeneration !== undefined && observedGeneration !== metadata.generation) return 'InProgress';
  for (const condition of conditions) {
    if (condition.status !== 'True') continue;
    if (condition.type === 'Reconciling') return 'InProgress';
    if (condition.type === 'Stalled') return 'Failed';
  }
  const ready = conditions.find(({ type }) => type === 'Ready');
  return ready === undefined || ready.status === 'True' ? 'Current' : 'InProgress';
}
