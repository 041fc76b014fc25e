import type { FailureReason } from '../../../src/api/conditions.ts';
import type { FaultSpec } from '../../simulator/fault.ts';

/** What may go wrong between us and Cloudflare, and what is made of it wherever the failing operation leaves a choice. */
export interface Fault {
  /** Also the name of the objects that meet it. */
  readonly name: string;
  readonly spec: Omit<FaultSpec, 'operation'>;
  /** Absent: it is no failure. */
  readonly reason?: FailureReason;
  /** From each failed try to the next, in ms, as `status.failure` says; it strikes as many times as there are. */
  readonly retriesMs: readonly number[];
  /** What becomes of the request: Cloudflare carried it out, said no by name, or nobody can know from the answer. */
  readonly effect: 'done' | 'refused' | 'none';
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const MANY_BYTES = 50 * 2 ** 20;

const outage = (name: string, spec: Fault['spec'], effect: Fault['effect'] = 'none'): Fault => ({
  name,
  spec,
  reason: 'CloudflareUnavailable',
  retriesMs: [5 * SECOND, 10 * SECOND],
  effect,
});

const refusal = (
  name: string,
  spec: Fault['spec'],
  reason: FailureReason,
  retriesMs: readonly number[] = [5 * MINUTE, 5 * MINUTE],
): Fault => ({ name, spec, reason, retriesMs, effect: 'refused' });

const harmless = (name: string, spec: Fault['spec']): Fault => ({
  name,
  spec,
  retriesMs: [],
  effect: 'done',
});

/** Every fault of Cloudflare and of the way there; the certificates that are wrong have a table of their own. */
export const FAULTS: readonly Fault[] = [
  outage('reset-before-the-effect', { resetBefore: true }),
  outage('reset-after-the-effect', { resetAfter: true }, 'done'),
  // Once: each strike takes the time limit of the request, in real time.
  { ...outage('no-answer', { hang: true }), retriesMs: [5 * SECOND] },
  outage('error-page-500', { status: 500, html: true }),
  outage('error-page-502', { status: 502, html: true }),
  outage('error-page-503', { status: 503, html: true }),
  outage('success-false-with-200', { successFalse200: true }),
  outage('stored-and-1100', { storedButFails: true }, 'done'),
  outage('code-1201', { code: 1201 }),
  outage('1010-around-a-connection-error', { code: 1010, message: wrapped('connect: connection refused') }),
  outage('1010-around-a-timeout', { code: 1010, message: wrapped('i/o timeout') }),
  outage('json-that-ends-early', { truncateJson: true }, 'done'),
  outage('body-that-is-cut', { cutBody: true }, 'done'),
  outage('body-of-50-mb', { hugeBytes: MANY_BYTES }, 'done'),
  outage('gzip-bomb', { hugeBytes: MANY_BYTES, gzip: true }, 'done'),
  refusal('429-with-retry-after', { status: 429, retryAfter: 7 }, 'RateLimited', [7 * SECOND, 10 * SECOND]),
  refusal('429-without', { status: 429, retryAfter: false }, 'RateLimited', [MINUTE, MINUTE]),
  // Without a code that is known the status alone does not say that nothing was stored.
  { ...refusal('status-401', { status: 401 }, 'CredentialsInvalid'), effect: 'none' },
  { ...refusal('status-403', { status: 403 }, 'PermissionMissing'), effect: 'none' },
  refusal('code-10000', { code: 10000 }, 'CredentialsInvalid'),
  refusal('code-6003', { code: 6003 }, 'CredentialsInvalid'),
  refusal('code-9109', { code: 9109 }, 'PermissionMissing'),
  refusal('code-1016', { code: 1016 }, 'PermissionMissing'),
  refusal('code-1010', { code: 1010 }, 'HostnameRejected', [10 * MINUTE, 20 * MINUTE]),
  harmless('messages-as-strings', { messagesAs: 'strings' }),
  harmless('messages-as-objects', { messagesAs: 'objects' }),
  harmless('unknown-fields', { extraFields: true }),
];

/** As Cloudflare passes on that its own look-up failed, under the code of a refused hostname. */
function wrapped(error: string): string {
  return `Failed to validate requested hostname a.example.com: dial tcp 192.0.2.1:443: ${error}`;
}
