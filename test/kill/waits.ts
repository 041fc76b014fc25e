/**
 * How long everything takes in a run. What Cloudflare does late it does well within the operator's waits: a
 * certificate is signed and listed before the operator may conclude that there is none.
 */
export interface Waits {
  readonly flags: readonly string[];
  /** How late Cloudflare signs, and shows in lists, where it is late. */
  readonly lateMs: number;
  /** For how long nothing may pass before a run counts as ended. */
  readonly quietMs: number;
  /** Kills with their restarts, leases and waits, on a machine that does much else. */
  readonly restMs: number;
}

const COMMON = ['--cluster-kinds', '--log-level=debug', '--probe-allow-cidr=127.0.0.0/8'];

/** All waits of the protocol, shortened together; a machine that does much else needs a factor. */
export function scaledWaits(factor: number): Waits {
  return {
    flags: [
      ...COMMON,
      '--cloudflare-rate=0',
      `--cloudflare-post-timeout=${factor}s`,
      `--settle=${factor}s`,
      `--lease-duration=${5 * factor}s`,
      `--renew-deadline=${4 * factor}s`,
      `--retry-period=${factor}s`,
      `--zone-interval=${factor}s`,
    ],
    lateMs: 500 * factor,
    quietMs: 700 * factor,
    restMs: 180_000 * factor,
  };
}

export const SCALED: Waits = scaledWaits(1);

/** What the operator waits where nobody told it otherwise. */
export const REAL: Waits = {
  flags: COMMON,
  lateMs: 20_000,
  quietMs: 3_000,
  restMs: 1_200_000,
};
