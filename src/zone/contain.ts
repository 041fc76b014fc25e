import type { ConcernReport } from './concern.ts';
import type { ControllerContext } from './controller-context.ts';
import { contained, waitMs } from './recurring.ts';

export type Contained<Part> = ConcernReport<Part>;

/** Runs a concern; what it meets at Cloudflare stays its own: its part of the status stands, and it is tried again. */
export async function contain<Part>(
  context: ControllerContext,
  before: Part,
  run: () => Promise<ConcernReport<Part>>,
): Promise<Contained<Part>> {
  try {
    return await run();
  } catch (error) {
    const failure = contained(error);
    const { kind, message } = failure;
    const nextMs = waitMs(failure, 1, context.random());
    const isPersonNeeded = kind === 'PermissionMissing' || kind === 'CredentialsInvalid';
    context.log.warn({ problem: message }, 'a part of a zone could not be looked after');
    return { status: before, nextMs, problems: [{ reason: kind, message, stalled: isPersonNeeded }] };
  }
}
