import type { ApiMessage } from './envelope.ts';
import type { FailureKind } from './errors.ts';
import { isAboutOneCertificate, isAboutZones, type Operation } from './operation.ts';

/** What one of Cloudflare's error codes means for us. */
export interface CodeRule {
  readonly kind: FailureKind;
  /** Whether a request that ends so certainly changed nothing. */
  readonly definite: boolean;
}

const refusal = (kind: FailureKind): CodeRule => ({ kind, definite: true });
const limit: CodeRule = { kind: 'RateLimited', definite: false };
const outage: CodeRule = { kind: 'CloudflareUnavailable', definite: false };

/** Codes that mean the same wherever they come from. What is absent is unknown, and judged by the HTTP status. */
const COMMON: ReadonlyMap<number, CodeRule> = new Map([
  [1001, refusal('CredentialsInvalid')], // no Authorization header
  [6003, refusal('CredentialsInvalid')], // invalid request headers
  [6103, refusal('CredentialsInvalid')],
  [6111, refusal('CredentialsInvalid')],
  [10000, refusal('CredentialsInvalid')], // authentication error
  [1016, refusal('PermissionMissing')],
  [9109, refusal('PermissionMissing')], // also: token used from an address it does not allow
  [7000, refusal('RequestRejected')], // no route
  [7003, refusal('RequestRejected')], // an identifier that is none
  [971, limit], // certain only with status 429, which is judged before the codes
  [10429, limit],
  [10502, limit],
]);

/** Codes of the Origin CA. Other products use the same numbers for other things. */
const ORIGIN_CA: ReadonlyMap<number, CodeRule> = new Map([
  [1010, refusal('HostnameRejected')],
  [1002, refusal('RequestRejected')], // request_type
  [1003, refusal('RequestRejected')],
  [1004, refusal('RequestRejected')],
  [1005, refusal('RequestRejected')], // too many hostnames
  [1007, refusal('RequestRejected')], // CSR empty
  [1009, refusal('RequestRejected')], // validity
  [1011, refusal('RequestRejected')], // CSR not parsed
  [1012, refusal('RequestRejected')],
  [1013, refusal('RequestRejected')],
  [1014, refusal('AlreadyRevoked')],
  [1006, outage], // "duplicates have been removed": a notice; as an error it leaves open what was stored
  [1008, outage],
  [1100, outage], // may have been stored all the same
  [1101, outage], // not found, for a request about one certificate
  [1200, outage],
  [1201, outage],
]);

/** Codes of the routes below a zone. */
const ZONES: ReadonlyMap<number, CodeRule> = new Map([
  [1015, refusal('SettingNotEditable')], // "Not allowed to edit setting for …": the plan has it not
  [7003, refusal('ZoneNotFound')], // "Could not route to /zones/…"
]);

/**
 * Cloudflare passes on, under the code of a refused hostname, that its own look-up of the zone failed. Only the
 * text tells the two apart, and only behind the colon: the hostname before it may be `timeout.example.com`.
 */
const WRAPPED_CONNECTION_ERROR =
  /: .*(?:dial tcp|connection (?:refused|reset|closed)|i\/o timeout|timed? ?out|no such host|deadline exceeded|unexpected EOF|broken pipe|service unavailable|bad gateway)/i;

/** The rule for an error of an answer; undefined where its code is not known for the operation. */
export function ruleOf({ code, message }: ApiMessage, operation: Operation): CodeRule | undefined {
  if (code === undefined) return undefined;
  if (isAboutZones(operation)) return ZONES.get(code) ?? COMMON.get(code);
  if (code === 1010 && WRAPPED_CONNECTION_ERROR.test(message)) return outage;
  if (code === 1101 && isAboutOneCertificate(operation)) return refusal('NotFound');
  return ORIGIN_CA.get(code) ?? COMMON.get(code);
}

/**
 * The rule for an answer whose codes are unknown. Of the status of an Origin CA answer only what concerns the token,
 * or the certificate of the request, is believed; a zone's routes have no list of codes at all, so there the status
 * decides, and only of an upload it stays open whether it took effect.
 */
export function ruleByStatus(status: number, operation: Operation): CodeRule {
  const definite = isAboutZones(operation) && operation !== 'upload_client_certificate';
  if (status === 401) return { kind: 'CredentialsInvalid', definite };
  if (status === 403) return { kind: 'PermissionMissing', definite };
  if (status === 404 && isAboutOneCertificate(operation)) return { kind: 'NotFound', definite };
  if (isAboutZones(operation) && REFUSING.has(status)) return { kind: 'RequestRejected', definite };
  return outage;
}

/** Statuses that say "not like this"; 408, 409 and 429 say "not now". */
const REFUSING = new Set([400, 404, 405, 410, 413, 415, 422]);
