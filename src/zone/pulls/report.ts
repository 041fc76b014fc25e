import { rfc3339 } from '../../api/conditions.ts';
import type { OriginZone } from '../../api/v1alpha1.ts';
import type { CloudflareError } from '../../cloudflare/errors.ts';
import type { ConcernReport, Problem, ZonePass } from '../concern.ts';
import { isTlsToOrigins } from './bundle.ts';
import { safeToDemand } from './decide.ts';
import { copiesOf } from './leaves.ts';
import type { PullState, PullsWorld, PullStep, PullWarning, Stored } from './world.ts';

type Status = NonNullable<OriginZone['status']>['authenticatedOriginPulls'];

const DAY_MS = 86_400_000;
/** A person has to replace a given CA, and to have it spread, in good time. */
const CA_WARNING_MS = 60 * DAY_MS;

/** What a pass found, for the status and the conditions. */
export function reportOf(world: PullsWorld, step: PullStep, nextMs: number): ConcernReport<Status> {
  const safe = safeToDemand(world);
  const stored = world.store.state === 'ours' ? world.store.stored : undefined;
  const status = {
    state: step.state,
    message: safe ? `${step.message} Origins may demand it.` : step.message,
    ...(world.mode === 'Zone' && stored !== undefined && certificateOf(world, stored)),
    safeToDemand: safe,
  };
  return { status, nextMs, problems: problemsOf(world, step) };
}

/** What comes next could not be begun, since our Secret may not be written. */
export function refusedReport(report: ConcernReport<Status>, message: string): ConcernReport<Status> {
  const problem: PullsProblem = { reason: 'SecretWriteRefused', message, stalled: false };
  return { ...report, problems: [problem, ...report.problems] };
}

/**
 * Cloudflare did not answer: what was said stands, except that nothing is safe any more that the spec or the mode
 * takes away.
 */
export function unavailableReport(
  pass: ZonePass,
  error: CloudflareError,
  nextMs: number,
): ConcernReport<Status> {
  const problem = { reason: error.kind, message: error.message, stalled: isRefusal(error) };
  // That others go first is no news.
  return { status: keptStatus(pass), nextMs, problems: error.kind === 'BudgetExhausted' ? [] : [problem] };
}

/** The part of the status as it stands. */
export function keptStatus({ zone, ssl }: ZonePass): Status | undefined {
  const before = zone.status?.authenticatedOriginPulls;
  const { mode } = zone.spec.authenticatedOriginPulls;
  const mayBeSafe = (mode === 'Zone' || mode === 'Shared') && (ssl === undefined || isTlsToOrigins(ssl));
  return before && { ...before, safeToDemand: mayBeSafe && before.safeToDemand === true };
}

function certificateOf({ cloudflare, now }: PullsWorld, stored: Stored): Partial<NonNullable<Status>> {
  const [copy] = copiesOf(cloudflare, stored.leaf);
  const shown =
    copy ??
    cloudflare.certificates.find(
      ({ status, signer, notAfter = 0 }) => status === 'active' && signer !== undefined && notAfter > now,
    );
  return {
    ...(shown && { certificateId: shown.id }),
    ...(shown?.notAfter !== undefined && { notAfter: rfc3339(shown.notAfter) }),
    caNotAfter: rfc3339(stored.ca.notAfter),
  };
}

interface PullsProblem extends Problem {
  readonly reason: PullState | PullWarning;
}

function problemsOf(world: PullsWorld, step: PullStep): readonly PullsProblem[] {
  const problems: PullsProblem[] = [];
  if (step.stalled === true || step.state === 'NewCaNotAccepted')
    problems.push({ reason: step.state, message: step.message, stalled: step.stalled === true });
  for (const { message } of world.publish) {
    if (message !== '') problems.push({ reason: 'PublishRefused', message, stalled: false });
  }
  const { wantedCa, now } = world;
  if (wantedCa.state === 'given' && wantedCa.ca.notAfter - now < CA_WARNING_MS) {
    const message = `The CA of authenticatedOriginPulls.caSecretRef, in ${wantedCa.place}, ends ${rfc3339(wantedCa.ca.notAfter)}: put another there under tls.crt and tls.key; both are published until origins accept the new one.`;
    problems.push({ reason: 'CaExpiring', message, stalled: false });
  }
  return problems;
}

function isRefusal({ kind }: CloudflareError): boolean {
  return kind === 'PermissionMissing' || kind === 'CredentialsInvalid' || kind === 'RequestRejected';
}
