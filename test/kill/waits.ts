/**
 * The waits of the protocol, all shortened together. What Cloudflare does late it does well within them: a
 * certificate is signed and listed before the operator may conclude that there is none.
 */
export const FLAGS = [
  '--cloudflare-rate=0',
  '--cloudflare-post-timeout=1s',
  '--settle=1s',
  '--lease-duration=3s',
  '--renew-deadline=2s',
  '--retry-period=1s',
  '--cluster-kinds',
  '--zone-interval=1s',
  '--log-level=debug',
] as const;

/** How late Cloudflare signs, and shows in lists, where it is late. */
export const LATE_MS = 500;

/** For how long nothing may pass before a run counts as ended. */
export const QUIET_MS = 700;

/** Two kills with their restarts, leases and waits, on a machine that does much else. */
export const REST_MS = 90_000;
