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
  /** Within this, while there is a leader and people let it be, a broken Secret is good again, or the object says why not. */
  readonly healMs: number;
  /** Within this all is at rest when faults and people have stopped. */
  readonly restMs: number;
  /** `spec.restoreAfter` of zones. */
  readonly restoreAfter: string;
}

const PROBING = ['--probe-allow-cidr=127.0.0.0/8'] as const;

/** The Lease is short, and yet long enough for a machine that does much else. */
export const SCALED: Tempo = {
  name: 'scaled',
  flags: [
    '--cloudflare-rate=0',
    '--cloudflare-post-timeout=2s',
    '--settle=2s',
    '--lease-duration=10s',
    '--renew-deadline=7s',
    '--retry-period=1s',
    '--cluster-kinds',
    '--zone-interval=1s',
    ...PROBING,
  ],
  paceMs: 600,
  faultMs: [500, 12_000],
  lateMs: 500,
  healMs: 60_000,
  restMs: 180_000,
  restoreAfter: '1s',
};

/** The operator as people run it: its own budget, timeouts and Lease. */
export const REAL: Tempo = {
  name: 'real',
  flags: ['--cluster-kinds', ...PROBING],
  paceMs: 4000,
  faultMs: [2000, 45_000],
  lateMs: 20_000,
  healMs: 300_000,
  restMs: 600_000,
  restoreAfter: '1m',
};
