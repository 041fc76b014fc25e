/**
 * How long everything takes in a run. What Cloudflare does late it does well within the operator's waits: a
 * certificate is signed and listed before the operator may conclude that there is none.
 */
export interface Waits {
  readonly name: 'scaled' | 'real';
  readonly flags: readonly string[];
  /** How late Cloudflare signs, and shows in lists, where it is late. */
  readonly lateMs: number;
  /** For how long nothing may pass before a run counts as ended. */
  readonly quietMs: number;
  /** Kills with their restarts, leases and waits, on a machine that does much else. */
  readonly restMs: number;
}

const COMMON = ['--cluster-kinds', '--log-level=debug', '--probe-allow-cidr=127.0.0.0/8'];

/** All waits of the protocol, shortened together. */
export const SCALED: Waits = {
  name: 'scaled',
  flags: [
    ...COMMON,
    '--cloudflare-rate=0',
    '--cloudflare-post-timeout=1s',
    '--settle=1s',
    '--lease-duration=5s',
    '--renew-deadline=4s',
    '--retry-period=1s',
    '--zone-interval=1s',
  ],
  lateMs: 500,
  quietMs: 700,
  restMs: 180_000,
};

/** What the operator waits where nobody told it otherwise. */
export const REAL: Waits = {
  name: 'real',
  flags: COMMON,
  lateMs: 20_000,
  quietMs: 3_000,
  restMs: 600_000,
};
