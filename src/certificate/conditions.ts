import { type CertificateReason, type Condition, isStalled, withTransitionTimes } from '../api/conditions.ts';
import type { Action } from './action.ts';
import { issueReason } from './judge.ts';
import { badness } from './need.ts';
import { renewalOf } from './renewal.ts';
import { outlivesRoot } from './root.ts';
import type { Living } from './world.ts';

interface Said {
  readonly reason: CertificateReason;
  readonly message: string;
}

/** Refusals that say nothing about the pair: they never make Ready False. */
const NEVER_READY_REASON: ReadonlySet<CertificateReason> = new Set<CertificateReason>([
  'Suspended',
  'Held',
  'HoldUntilInvalid',
  'IssuanceLoop',
]);

/**
 * The conditions of an OriginCertificate. `Ready` is about the Secret alone: it is True as long as it holds a good
 * pair, whatever else fails. `Issuing` says that another certificate is on its way, or why none is. `Stalled` is
 * there only while a person is needed, so that tools that know kstatus fail at once.
 *
 * @param sinceMs since when the present refusal or failure stands, ms since the epoch.
 * @param served what origins present, where somebody looks at them.
 */
export function conditionsOf(
  world: Living,
  action: Action,
  sinceMs: number,
  served?: Pick<Condition, 'status' | 'reason' | 'message'>,
): Condition[] {
  const { certificate, now } = world;
  const standing = standingOf(world, action);
  const stalled = standing !== undefined && isStalled(standing.reason, sinceMs, now);
  const observedGeneration = certificate.metadata.generation ?? 0;
  const wanted = [
    { type: 'Ready', ...ready(world, standing) },
    ...(issuing(world, action, standing) ?? []).map((condition) => ({ type: 'Issuing', ...condition })),
    ...(served ? [{ type: 'Served', ...served }] : []),
    ...(stalled ? [{ type: 'Stalled', status: 'True' as const, ...standing }] : []),
  ];
  return withTransitionTimes(
    wanted.map((condition) => ({ ...condition, observedGeneration })),
    certificate.status?.conditions ?? [],
    now,
  );
}

/** What keeps a certificate from being issued now. */
function standingOf({ failure }: Living, action: Action): Said | undefined {
  if (action.type === 'Refuse') return { reason: action.reason, message: action.message };
  if ((action.type === 'Wait' || action.type === 'AwaitTurn') && action.said) return action.said;
  return failure && { reason: failure.reason, message: failure.message };
}

function ready(world: Living, standing: Said | undefined): Pick<Condition, 'status' | 'reason' | 'message'> {
  const { certificate, secretName, target } = world;
  const bad = badPair(world);
  if (bad === undefined) {
    const names =
      certificate.spec.hostnames.length === 1
        ? '1 hostname'
        : `${certificate.spec.hostnames.length} hostnames`;
    const message = `Secret ${secretName} holds a certificate for ${names}.`;
    const outlives = target?.pair.state === 'Matching' ? outlivesRoot(target.pair.certificate) : undefined;
    return {
      status: 'True',
      reason: 'Issued',
      message: outlives === undefined ? message : `${message} ${outlives}`,
    };
  }
  // That there is a pair of some kind is worth more than why there is none better, which stands in Issuing.
  const isBridged = bad.reason === 'TemporaryCertificate';
  const said = standing && !isBridged && !NEVER_READY_REASON.has(standing.reason) ? standing : bad;
  return { status: 'False', ...said };
}

/** Why the Secret does not hold a good pair for the spec; undefined when it does. */
function badPair(world: Living): Said | undefined {
  const { certificate, target, holder, secretName } = world;
  if (holder.kind === 'foreign')
    return { reason: 'SecretNotManaged', message: `Secret ${secretName} was not made by this operator.` };
  if (holder.kind === 'other')
    return {
      reason: 'SecretConflict',
      message: `Secret ${secretName} is kept by OriginCertificate ${holder.name}.`,
    };
  if (target === undefined)
    return { reason: 'DoesNotExist', message: `Secret ${secretName} does not exist.` };
  if (target.pair.state !== 'Matching') {
    return { reason: target.pair.state, message: `Secret ${secretName}: ${target.pair.problem}.` };
  }
  const facts = target.pair.certificate;
  const reason = badness(certificate.spec, facts, world);
  switch (reason) {
    case undefined:
      return undefined;
    case 'UntrustedIssuer':
      return {
        reason,
        message: `Secret ${secretName} holds a certificate by "${facts.issuer}", which is no Origin CA root that this operator trusts.`,
      };
    case 'TemporaryCertificate':
      return {
        reason,
        message: `Secret ${secretName} holds a temporary self-signed pair: enough for mode Full, not for Full (strict). Issuing says what a certificate waits for.`,
      };
    case 'Expired':
      return {
        reason,
        message: `The certificate in Secret ${secretName} expired at ${new Date(facts.notAfter).toISOString()}.`,
      };
    case 'Revoked':
      return {
        reason,
        message: `Certificate ${facts.id} in Secret ${secretName} was revoked at Cloudflare, and not by this operator: Full (strict) refuses it.`,
      };
    default:
      return {
        reason,
        message: `Secret ${secretName} holds a certificate for ${facts.hostnames.join(', ') || 'no hostname'}, not for exactly what spec.hostnames asks for.`,
      };
  }
}

type IssuingCondition = Pick<Condition, 'status' | 'reason' | 'message'>;

function issuing(world: Living, action: Action, standing: Said | undefined): IssuingCondition[] | undefined {
  if (standing) return [{ status: 'False', ...standing }];
  const reason = issueReason(world);
  if (reason !== undefined) {
    const budget = action.type === 'AwaitTurn' ? ' It waits for the request budget.' : '';
    return [{ status: 'True', reason, message: `A certificate is being asked for (${reason}).${budget}` }];
  }
  return isClamped(world)
    ? [{ status: 'False', reason: 'RenewBeforeTooLong', message: clampedMessage(world) }]
    : undefined;
}

function isClamped({ certificate, target }: Living): boolean {
  return target?.pair.state === 'Matching' && renewalOf(certificate, target.pair.certificate, 1).clamped;
}

function clampedMessage({ certificate }: Living): string {
  return (
    `spec.renewBefore (${certificate.spec.renewBefore ?? ''}) is longer than nine tenths of the certificate's lifetime; ` +
    'it is renewed after a tenth of it. Shorten renewBefore or raise validityDays.'
  );
}
