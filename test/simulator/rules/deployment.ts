/** What Cloudflare says of a client certificate, or of a hostname's tie to one, on its way to and from the edge. */
export type DeploymentStatus =
  | 'initializing'
  | 'pending_deployment'
  | 'active'
  | 'deployment_timed_out'
  | 'pending_deletion'
  | 'deleted'
  | 'deletion_timed_out';

/** One way, to or from the edge. Times in simulated milliseconds. */
export interface Transit {
  readonly beganAt: number;
  readonly takesMs: number;
  /** Whether it fails when it should be over. */
  readonly timesOut: boolean;
}

/** Something that is brought to the edge, and perhaps taken from it again. */
export interface Deployed {
  readonly rollout: Transit;
  readonly removal?: Transit | undefined;
}

/** Where it stands at `now`. */
export function statusAt({ rollout, removal }: Deployed, now: number): DeploymentStatus {
  if (removal !== undefined) {
    if (now < endOf(removal)) return 'pending_deletion';
    return removal.timesOut ? 'deletion_timed_out' : 'deleted';
  }
  if (now >= endOf(rollout)) return rollout.timesOut ? 'deployment_timed_out' : 'active';
  return now < rollout.beganAt + rollout.takesMs / 2 ? 'initializing' : 'pending_deployment';
}

/** Of those that are active the one that became so last; of two at once the later in the list. */
export function lastDeployed<T extends Deployed>(all: readonly T[], now: number): T | undefined {
  let last: T | undefined;
  for (const one of all) {
    if (statusAt(one, now) !== 'active') continue;
    if (last === undefined || endOf(one.rollout) >= endOf(last.rollout)) last = one;
  }
  return last;
}

function endOf({ beganAt, takesMs }: Transit): number {
  return beganAt + takesMs;
}
