import type { ProbeBoard } from '../../probe/board.ts';
import type { ZoneContext } from '../context.ts';

/** What origin pulls need of the zone controller's context. */
export type PullsContext = Pick<
  ZoneContext,
  | 'kube'
  | 'clock'
  | 'random'
  | 'events'
  | 'log'
  | 'operatorNamespace'
  | 'sharedOriginPullCa'
  | 'prober'
  | 'pulls'
  | 'wake'
  | 'signal'
> & { readonly probes: Pick<ProbeBoard, 'refresh'> };
