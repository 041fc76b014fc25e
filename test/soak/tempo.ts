import { SCALED as KILL } from '../kill/waits.ts';

/** How fast the world of a soak goes: either all waits of the operator are short, or all are the real ones. */
export interface Tempo {
  readonly name: 'scaled' | 'real';
  /** Of the operator. */
  readonly flags: readonly string[];
  /** Between two operations, on average. */
  readonly paceMs: number;
  /** How long a fault lasts: least and most. */
  readonly faultMs: readonly [least: number, most: number];
  /** How late Cloudflare signs and lists where it is late: less than the operator waits before it concludes anything. */
  readonly lateMs: number;
  /** Within this a Secret that somebody broke is good again, or the object says why not. */
  readonly healMs: number;
  /** Within this all is at rest when faults and people have stopped. */
  readonly restMs: number;
  /** `spec.restoreAfter` of zones. */
  readonly restoreAfter: string;
}

const PROBING = ['--probe-allow-cidr=127.0.0.0/8'] as const;

export const SCALED: Tempo = {
  name: 'scaled',
  flags: [...KILL.flags.filter((flag) => !flag.startsWith('--log-level')), ...PROBING],
  paceMs: 600,
  faultMs: [500, 6000],
  lateMs: 500,
  healMs: 120_000,
  restMs: 120_000,
  restoreAfter: '1s',
};

/** The operator as people run it: its own budget, timeouts and Lease. */
export const REAL: Tempo = {
  name: 'real',
  flags: ['--cluster-kinds', ...PROBING],
  paceMs: 4000,
  faultMs: [2000, 45_000],
  lateMs: 20_000,
  healMs: 600_000,
  restMs: 600_000,
  restoreAfter: '1m',
};
