/** Condition types and reasons of the three kinds: closed unions, because people write alerts and scripts on them. */

export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
  /** RFC 3339. Moves only when `status` changes. */
  readonly lastTransitionTime: string;
}

/** Why the Secret holds no good pair. The only reasons, beside a refusal or failure, that make Ready False. */
export type BadPairReason =
  | 'DoesNotExist'
  | 'MissingData'
  | 'InvalidKeyPair'
  | 'InvalidCertificate'
  | 'UntrustedIssuer'
  | 'HostnamesChanged'
  | 'Expired'
  | 'Revoked'
  | 'TemporaryCertificate';

/** Why a Secret that holds a good pair is to get another one. */
export type ReissueReason =
  'KeyChanged' | 'ValidityChanged' | 'IssuerChanged' | 'Renewing' | 'RenewRequested' | 'RekeyRequested';

export type IssueReason = BadPairReason | ReissueReason;

/** States that the operator does not leave by itself: a person or another object has to change something. */
export type RefusalReason =
  | 'SecretNotManaged'
  | 'SecretConflict'
  | 'AdoptRefused'
  | 'HostnameNotAllowed'
  | 'HostnameRejected'
  | 'IssuerNotFound'
  | 'IssuerNotReady'
  | 'IssuanceLoop'
  | 'ClockSkew'
  | 'Suspended'
  | 'Held'
  | 'HoldUntilInvalid';

/** Attempts that failed, by what is to be done about them. */
export type FailureReason =
  | 'CloudflareUnavailable'
  | 'RateLimited'
  | 'CredentialsMissing'
  | 'CredentialsInvalid'
  | 'PermissionMissing'
  | 'HostnameRejected'
  | 'RequestRejected'
  | 'BadResponse'
  | 'SecretImmutable'
  | 'SecretWriteRefused';

/** What origins present of the Secret's pair. Never a reason to issue anything. */
export type ServedReason =
  'Served' | 'Probing' | 'ServesOldCertificate' | 'ServesAnother' | 'NotServed' | 'Unverifiable';

export type CertificateReason = 'Issued' | 'RenewBeforeTooLong' | IssueReason | RefusalReason | FailureReason;

/** Reasons for which a person is needed at once; kstatus-aware tools then fail instead of waiting. */
const STALLED: ReadonlySet<string> = new Set<CertificateReason>([
  'SecretNotManaged',
  'SecretConflict',
  'SecretImmutable',
  'AdoptRefused',
  'HostnameNotAllowed',
  'HostnameRejected',
  'RequestRejected',
  'CredentialsInvalid',
  'PermissionMissing',
  'IssuanceLoop',
  'HoldUntilInvalid',
]);

/** Reasons that may heal by themselves while things are being applied; a person is needed after `STALL_AFTER_MS`. */
const STALLED_LATER: ReadonlySet<string> = new Set<CertificateReason>([
  'IssuerNotFound',
  'IssuerNotReady',
  'CredentialsMissing',
]);

export const STALL_AFTER_MS = 5 * 60_000;

/** Whether `reason`, of whatever kind of ours, standing since `sinceMs`, means that a person is needed. */
export function isStalled(reason: string, sinceMs: number, nowMs: number): boolean {
  return STALLED.has(reason) || (STALLED_LATER.has(reason) && nowMs - sinceMs >= STALL_AFTER_MS);
}

/** Until a reason that stands since `sinceMs` will need a person; undefined where it does so already, or never will. */
export function stallsInMs(reason: string, sinceMs: number, nowMs: number): number | undefined {
  return STALLED_LATER.has(reason) && !isStalled(reason, sinceMs, nowMs)
    ? sinceMs + STALL_AFTER_MS - nowMs
    : undefined;
}

/**
 * `wanted` as conditions: a condition whose status did not change keeps its transition time, so that writing
 * the same state twice yields the same bytes and nothing is sent.
 */
export function withTransitionTimes(
  wanted: readonly Omit<Condition, 'lastTransitionTime'>[],
  previous: readonly Pick<Condition, 'type' | 'status' | 'lastTransitionTime'>[],
  nowMs: number,
): Condition[] {
  return wanted.map((condition) => {
    const before = previous.find(({ type }) => type === condition.type);
    const kept = before?.status === condition.status ? before.lastTransitionTime : undefined;
    return { ...condition, message: cut(condition.message), lastTransitionTime: kept ?? rfc3339(nowMs) };
  });
}

/** The API takes 32,768 characters, and refuses the whole status for one more. */
const MAX_MESSAGE = 8000;

/** A certificate that somebody put into a Secret may be for any number of names. */
function cut(message: string): string {
  return message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE).toWellFormed()}…` : message;
}

/** RFC 3339 in UTC with whole seconds, as the Kubernetes API prints times. */
export function rfc3339(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
