import type { IssueReason } from '../api/conditions.ts';
import type { Action } from './action.ts';
import { adoption } from './adoption.ts';
import { isCrowded } from './superseded.ts';
import { isShared } from './failure.ts';
import { isLiving, type Request, type World } from './world.ts';

type Gate = (world: World, reason?: IssueReason) => Action | undefined;

/** What must hold before an effect, in the order in which a person should hear of it. */
const GATES = {
  /** The Secret of the spec's name is ours to write. */
  target: [notManaged, conflict, immutable],
  /** A certificate may be asked for. */
  issuance: [
    notManaged,
    conflict,
    immutable,
    loop,
    crowded,
    clockSkew,
    issuerReady('creation'),
    allowed,
    zoneKnown,
    held('creation'),
    backoff,
    turn('creation'),
  ],
  /** Cloudflare may be asked what became of an earlier POST. */
  search: [clockSkew, held('search'), issuerReady('creation'), backoff],
  /** A certificate at hand may be written. */
  write: [notManaged, conflict, immutable, backoff],
  /** An unwanted issuance may be looked for. */
  settle: [clockSkew, revocationBackoff, settleBackoff],
  /** What it left may be revoked. */
  clear: [clockSkew, held('settlement'), revocationBackoff, settleBackoff, turn('settlement')],
  /** A certificate that was replaced may be revoked. */
  revoke: [clockSkew, replacedBackoff, held('revocation'), issuerReady('revocation'), turn('revocation')],
  /** The same for an object that is being deleted. */
  revokeLeaving: [held('revocation'), turn('revocation')],
  /** A pair may be written that Cloudflare is not asked for: a former target's, or a temporary one. */
  copy: [writeBackoff],
} as const satisfies Readonly<Record<string, readonly Gate[]>>;

/** The first gate that is shut, as the action that says so or that opens it; undefined when all are open. */
export function gate(world: World, what: keyof typeof GATES, reason?: IssueReason): Action | undefined {
  for (const check of GATES[what]) {
    const action = check(world, reason);
    if (action) return action;
  }
  return undefined;
}

/** A Secret that is not ours bears no label of ours: no watch tells when it goes. */
const FOREIGN_LOOK_MS = 30_000;

function notManaged(world: World): Action | undefined {
  const { secretName, target, holder } = world;
  if (holder.kind !== 'foreign') return undefined;
  if (isLiving(world) && target && world.certificate.spec.existingSecret === 'Adopt')
    return writeBackoff(world) ?? adoption(world, target);
  const message =
    `Secret ${secretName} (type ${target?.type ?? 'unknown'}) exists and was not made by this operator; it is left as it is. ` +
    'Name another Secret in spec.secretName, or set spec.existingSecret: Adopt to have this one kept from now on. Delete that one only if you know that nobody needs it.';
  return { type: 'Refuse', reason: 'SecretNotManaged', message, retryMs: FOREIGN_LOOK_MS };
}

function conflict({ secretName, holder }: World): Action | undefined {
  if (holder.kind !== 'other') return undefined;
  const message =
    `Secret ${secretName} is kept by OriginCertificate ${holder.name}. ` +
    'Two certificates cannot share a Secret: name another one in spec.secretName, or delete one of the two.';
  return { type: 'Refuse', reason: 'SecretConflict', message };
}

function immutable({ secretName, target }: World): Action | undefined {
  if (!target?.immutable) return undefined;
  const message =
    `Secret ${secretName} is immutable, so it can never be renewed. ` +
    'Name another Secret in spec.secretName and move its readers there.';
  return { type: 'Refuse', reason: 'SecretImmutable', message, retryMs: FOREIGN_LOOK_MS };
}

const HOUR_MS = 3_600_000;
const LOOP_LIMITS = [
  { windowMs: HOUR_MS, certificates: 3, words: 'the last hour' },
  { windowMs: 24 * HOUR_MS, certificates: 10, words: 'the last day' },
] as const;

function loop({ issuedAt, now, target }: World, reason?: IssueReason): Action | undefined {
  const within = (windowMs: number): number => issuedAt.filter((time) => time > now - windowMs).length;
  const hit = LOOP_LIMITS.find((limit) => within(limit.windowMs) >= limit.certificates);
  if (!hit) return undefined;
  const writer = target
    ? `The Secret was last written by field manager "${target.lastWriter}".`
    : 'The Secret keeps disappearing.';
  const message =
    `${within(hit.windowMs)} certificates were issued in ${hit.words} and the Secret needs another (${reason ?? 'unknown'}). ` +
    `${writer} Stop whatever changes or deletes it, then set annotation originca.dev/renew-requested-at to go on.`;
  return { type: 'Refuse', reason: 'IssuanceLoop', message, retryMs: HOUR_MS / 6 };
}

/** Only on request: what has to be renewed is renewed, however many are still to be revoked. */
function crowded(world: World, reason?: IssueReason): Action | undefined {
  if ((reason !== 'RenewRequested' && reason !== 'RekeyRequested') || !isCrowded(world)) return undefined;
  const message =
    'So many replaced certificates still wait to be revoked (status.superseded) that none is added on request. ' +
    'Make the issuer able to revoke, or set spec.revocation.superseded: Retain.';
  return { type: 'Refuse', reason: 'IssuanceLoop', message, retryMs: HOUR_MS / 6 };
}

function clockSkew({ clockSkew: sentence }: World): Action | undefined {
  return sentence === undefined
    ? undefined
    : { type: 'Refuse', reason: 'ClockSkew', message: sentence, retryMs: 60_000 };
}

/** News of an issuer wake its certificates: thousands of them need not look for themselves every minute. */
const ISSUER_LOOK_MS = 10 * 60_000;

function issuerReady(request: Request): Gate {
  return (world) => {
    const { issuer } = world;
    if (issuer.state === 'Ready') return undefined;
    // In an incident the issuer cannot be ready: it is told once why, and not in other words with each step.
    const shared = held(request)(world);
    if (shared) return shared;
    if (issuer.state === 'Unchecked') return { type: 'AwaitIssuer' };
    if (issuer.state === 'ZonesAwaited') return { type: 'Wait', ms: issuer.retryMs };
    const { state, message, retryMs = ISSUER_LOOK_MS } = issuer;
    return { type: 'Refuse', reason: state, message, retryMs };
  };
}

function allowed({ issuer }: World): Action | undefined {
  if (issuer.state !== 'Ready' || issuer.notAllowed === undefined) return undefined;
  return { type: 'Refuse', reason: 'HostnameNotAllowed', message: issuer.notAllowed, retryMs: 10 * 60_000 };
}

function zoneKnown({ issuer }: World): Action | undefined {
  if (issuer.state !== 'Ready' || issuer.noZone === undefined) return undefined;
  return { type: 'Refuse', reason: 'HostnameRejected', message: issuer.noZone, retryMs: 10 * 60_000 };
}

function backoff({ failure, incidents, now }: World): Action | undefined {
  if (failure === undefined || failure.nextTime <= now) return undefined;
  const isProbe = Object.values(incidents).some(({ state }) => state === 'probe');
  if (isProbe && isShared(failure.reason)) return undefined;
  return {
    type: 'Refuse',
    reason: failure.reason,
    message: failure.message,
    retryMs: failure.nextTime - now,
  };
}

/** A wrong answer holds back the next POST, and not the revocation of what came with it. */
function revocationBackoff(world: World): Action | undefined {
  return world.failure?.reason === 'BadResponse' ? undefined : backoff(world);
}

/** What stands in the way of settling is told in its words, and not as what made the issuance unwanted. */
function settleBackoff({ settleFailure, incidents, now }: World): Action | undefined {
  if (settleFailure === undefined || settleFailure.nextTime <= now) return undefined;
  const { reason, message, nextTime } = settleFailure;
  if (incidents.settlement.state === 'probe' && isShared(reason)) return undefined;
  return { type: 'Wait', ms: nextTime - now, said: { reason, message } };
}

/** Its own trouble alone holds back a revocation, and it holds back nothing else. */
function replacedBackoff({ revokeFailure, now }: World): Action | undefined {
  if (revokeFailure === undefined || revokeFailure.nextTime <= now) return undefined;
  const { reason, message, nextTime } = revokeFailure;
  return { type: 'Refuse', reason, message, retryMs: nextTime - now };
}

/** Trouble with Cloudflare is no reason not to write what is at hand. */
function writeBackoff(world: World): Action | undefined {
  return world.failure?.reason === 'SecretWriteRefused' ? backoff(world) : undefined;
}

/** Requests that fail for everybody are tried by one object at a time. */
function held(request: Request): Gate {
  return ({ incidents }) => {
    const incident = incidents[request];
    if (incident.state !== 'held') return undefined;
    const { reason, message } = incident;
    return { type: 'AwaitTurn', request, said: { reason, message } };
  };
}

/** Who needs a request waits for the budget in the line of those who need the same. */
function turn(request: Request): Gate {
  return ({ turns }) => (turns[request] ? undefined : { type: 'AwaitTurn', request });
}
