import type { ApiMessage } from './envelope.ts';
import { CloudflareError, detailsOf, type FailureKind, unavailable } from './errors.ts';
import { type Operation, phraseOf } from './operation.ts';

/** An answer that is not a success, as far as it could be read. */
export interface RefusedAnswer {
  readonly operation: Operation;
  readonly status: number;
  /** `errors` of the envelope, chains flattened; undefined where the body was no envelope. */
  readonly errors: readonly ApiMessage[] | undefined;
  readonly rayId: string | undefined;
  readonly retryAfterMs: number | undefined;
}

interface CodeRule {
  readonly kind: FailureKind;
  /** Whether a request that ends so certainly changed nothing. */
  readonly definite: boolean;
}

const refusal = (kind: FailureKind): CodeRule => ({ kind, definite: true });
const limit: CodeRule = { kind: 'RateLimited', definite: false };
const outage: CodeRule = { kind: 'CloudflareUnavailable', definite: false };

/** Codes of Cloudflare and what they mean for us. What is absent is unknown, and judged by the HTTP status. */
const RULES: ReadonlyMap<number, CodeRule> = new Map([
  [1001, refusal('CredentialsInvalid')], // no Authorization header
  [6003, refusal('CredentialsInvalid')], // invalid request headers
  [6103, refusal('CredentialsInvalid')],
  [6111, refusal('CredentialsInvalid')],
  [10000, refusal('CredentialsInvalid')], // authentication error
  [1016, refusal('PermissionMissing')],
  [9109, refusal('PermissionMissing')], // also: token used from an address it does not allow
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
  [7000, refusal('RequestRejected')],
  [7003, refusal('RequestRejected')],
  [1014, refusal('AlreadyRevoked')],
  [971, limit], // certain only with status 429, which is judged before the codes
  [10429, limit],
  [10502, limit],
  [1006, outage], // "duplicates have been removed": a notice; as an error it leaves open what was stored
  [1008, outage],
  [1100, outage], // may have been stored all the same
  [1101, outage], // not found, for a request about one certificate
  [1200, outage],
  [1201, outage],
]);

/** Without a Retry-After, a limited token is tried again after this: Cloudflare blocks for up to five minutes. */
const DEFAULT_RETRY_AFTER_MS = 60_000;

/** A heading that stands beside the real error. */
const SAYS_NOTHING = 1000;

/**
 * Cloudflare passes on, under the code of a refused hostname, that its own look-up of the zone failed. Only the
 * text tells the two apart, and only behind the colon: the hostname before it may be `timeout.example.com`.
 */
const WRAPPED_CONNECTION_ERROR =
  /: .*(?:dial tcp|connection (?:refused|reset|closed)|i\/o timeout|timed? ?out|no such host|deadline exceeded|unexpected EOF|broken pipe|service unavailable|bad gateway)/i;

/** The error for an answer that is not a success: by Cloudflare's code where it is known, else by the status. */
export function refusedError(answer: RefusedAnswer): CloudflareError {
  const { operation, status, errors, rayId, retryAfterMs } = answer;
  if (status === 429) return refusalError('RateLimited', true, errors?.[0], answer);
  if (errors === undefined) {
    return unavailable(operation, `HTTP status ${status} without a readable body`, {
      status,
      rayId,
      retryAfterMs,
    });
  }
  const judged = errors
    .filter(({ code }) => code !== SAYS_NOTHING)
    .map((error) => ({ error, rule: ruleOf(error, operation) }));
  const unclear = judged.find(({ rule }) => rule !== undefined && !rule.definite);
  const known = unclear ?? judged.find(({ rule }) => rule !== undefined);
  if (known?.rule !== undefined) {
    const definite = judged.every(({ rule }) => rule?.definite === true);
    return refusalError(known.rule.kind, definite, known.error, answer);
  }
  return refusalError(kindByStatus(status, operation), false, judged[0]?.error ?? errors[0], answer);
}

function ruleOf(error: ApiMessage, operation: Operation): CodeRule | undefined {
  if (error.code === 1010 && WRAPPED_CONNECTION_ERROR.test(error.message)) return outage;
  if (error.code === 1101 && isAboutOneCertificate(operation)) return refusal('NotFound');
  return error.code === undefined ? undefined : RULES.get(error.code);
}

/** Under an unknown code only what concerns the token, or the certificate of the request, is believed of the status. */
function kindByStatus(status: number, operation: Operation): FailureKind {
  if (status === 401) return 'CredentialsInvalid';
  if (status === 403) return 'PermissionMissing';
  if (status === 404 && isAboutOneCertificate(operation)) return 'NotFound';
  return 'CloudflareUnavailable';
}

function isAboutOneCertificate(operation: Operation): boolean {
  return operation === 'get_certificate' || operation === 'revoke_certificate';
}

function refusalError(
  kind: FailureKind,
  definite: boolean,
  error: ApiMessage | undefined,
  answer: RefusedAnswer,
): CloudflareError {
  const { operation, status, rayId } = answer;
  const retryAfterMs = answer.retryAfterMs ?? (kind === 'RateLimited' ? DEFAULT_RETRY_AFTER_MS : undefined);
  const said = error === undefined || error.message === '' ? `HTTP status ${status}` : `"${error.message}"`;
  const { happened, remedy } = WORDS[kind];
  const message = `Cloudflare ${happened} while ${phraseOf(operation)}: ${said}. ${remedy}${detailsOf(error?.code, rayId)}.`;
  return new CloudflareError(message, {
    kind,
    definite,
    operation,
    code: error?.code,
    status,
    rayId,
    retryAfterMs,
  });
}

const NEEDED_PERMISSIONS = 'Zone:Read and SSL and Certificates:Edit';

/** What happened and what to do; the remedy ends without a full stop, the code and Ray ID follow it. */
const WORDS: Readonly<Record<FailureKind, { readonly happened: string; readonly remedy: string }>> = {
  CloudflareUnavailable: {
    happened: 'failed',
    remedy: 'The operator tries again; if it lasts, see cloudflarestatus.com',
  },
  RateLimited: {
    happened: 'limited the requests',
    remedy: 'The operator waits as told; if it lasts, look for other users of the same Cloudflare account',
  },
  CredentialsInvalid: {
    happened: 'did not accept the API token',
    remedy: `Check that the token in the issuer's Secret is whole, active, not expired, allowed from this address, covers the zone and has ${NEEDED_PERMISSIONS}`,
  },
  PermissionMissing: {
    happened: 'denied the API token access',
    remedy: `Give the token ${NEEDED_PERMISSIONS} for the zone, allow this cluster's address in its IP filter, and check that its user has API access`,
  },
  HostnameRejected: {
    happened: 'rejected a hostname',
    remedy:
      "Check that the zone is active, not pending, in the token's account and within the token's zones, and that the name belongs to it",
  },
  RequestRejected: { happened: 'rejected the request', remedy: 'Change what the message names' },
  NotFound: { happened: 'does not know the certificate', remedy: 'Check its id' },
  AlreadyRevoked: { happened: 'has revoked the certificate before', remedy: 'Nothing needs to be done' },
  // Made before anything is sent, by functions of their own.
  BudgetExhausted: { happened: 'was not asked', remedy: 'The operator tries again' },
  Aborted: { happened: 'was not asked', remedy: 'The operator tries again' },
  Fenced: { happened: 'was not asked', remedy: 'The leader tries again' },
};
