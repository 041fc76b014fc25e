import type { Zone } from '../cloudflare/results.ts';
import type { ZoneClient } from '../cloudflare/zone-client.ts';
import type { OriginZone } from '../api/v1alpha1.ts';
import type { Verdict } from '../probe/types.ts';
import type { Intervals } from './schedule.ts';
import type { GateView } from './world.ts';

export type SslMode = 'off' | 'flexible' | 'full' | 'strict' | 'origin_pull';

/** What every concern of one pass starts from. */
export interface ZonePass {
  readonly zone: OriginZone;
  /** The zone as Cloudflare lists it. */
  readonly facts: Zone;
  readonly client: ZoneClient;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  /** Milliseconds of the monotonic clock. */
  readonly monotonic: number;
  /** Whether anything may be changed outside the status: mode Enforce, not held, the winner of its zone. */
  readonly enforce: boolean;
  /** Why nothing may be changed, as the end of a sentence; undefined while `enforce`. */
  readonly hindrance: string | undefined;
  /** The mode at Cloudflare; undefined until it was read. */
  readonly ssl: SslMode | undefined;
  /** What the probe last saw, one per hostname and address. */
  readonly verdicts: readonly Verdict[];
  /** The origins by verdicts that began at or after `sinceMs` (monotonic); what is missing is named, not waited for. */
  readonly gate: (sinceMs: number) => GateView;
  /** How often this zone is asked about, stretched where there are many. */
  readonly intervals: Intervals;
}

/** What a concern leaves behind for the report and for the next pass. */
export interface ConcernReport<Part> {
  /** Its part of the status; undefined leaves the part out. */
  readonly status: Part | undefined;
  /** When to look again, milliseconds from now; undefined: only when something happens. */
  readonly nextMs?: number | undefined;
  /** What a person should know, for the conditions; the first is the worst. */
  readonly problems: readonly Problem[];
}

export interface Problem {
  readonly reason: string;
  readonly message: string;
  /** Whether only a person can go on. */
  readonly stalled: boolean;
}
