import type { ZoneContext } from './context.ts';
import type { ZoneMemories } from './memory.ts';

/** What the rooms of the zone controller share beyond what its concerns are given. */
export interface ControllerContext extends ZoneContext {
  readonly memories: ZoneMemories;
  /** Requests per second of the whole process; 0: no limit. */
  readonly ratePerSecond: number;
  readonly count: ZoneContext['count'] & {
    /** The settings of a zone are looked at: their counters begin at 0. */
    show(zone: string, settings: Iterable<string>): void;
    /** The zone is gone, and its counters with it. */
    forget(zone: string): void;
  };
}
