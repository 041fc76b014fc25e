import type { CertificateVariant, Operation } from './protocol.ts';

/**
 * What goes wrong with the next requests of an operation. One that sets `status`, `code`, `message`, `html`,
 * `retryAfter`, `successFalse200` or `storedButFails` is a refusal: the effect does not happen, except with
 * `storedButFails`. The others spoil an answer that is otherwise true.
 */
export interface FaultSpec {
  /** `*` for every operation. */
  readonly operation: Operation | '*';
  /** Requests it strikes; default 1, 0 for all until cleared. */
  readonly count?: number;
  /** Requests let through first; default 0. */
  readonly skip?: number;
  /** Strikes only requests of this token. */
  readonly tokenId?: string;
  /** Strikes only creates that ask for this hostname. */
  readonly hostname?: string;
  /** Strikes only requests whose path ends so: `/settings/ssl`. */
  readonly pathEnd?: string;
  readonly status?: number;
  readonly code?: number;
  readonly message?: string;
  /** Answers with an HTML page instead of the envelope: true for Cloudflare's own, or the text. */
  readonly html?: boolean | string;
  /** `retry-after` in seconds; with status 429 it is sent by default, `false` leaves it out. */
  readonly retryAfter?: number | false;
  /** HTTP 200 with `success:false`. */
  readonly successFalse200?: boolean;
  /** Does what was asked, then refuses (default: 1100). */
  readonly storedButFails?: boolean;
  /** Simulated milliseconds before the effect. */
  readonly delayMs?: number;
  /** Simulated milliseconds between the effect and the answer. */
  readonly delayAfterMs?: number;
  /** No effect, no answer, the connection stays open. */
  readonly hang?: boolean;
  /** The connection is reset before the effect. */
  readonly resetBefore?: boolean;
  /** The connection is reset after the effect, instead of an answer. */
  readonly resetAfter?: boolean;
  /** The connection is reset in the middle of the body. */
  readonly cutBody?: boolean;
  /** The body ends in the middle of its JSON, in a well-formed HTTP answer. */
  readonly truncateJson?: boolean;
  /** Swells the body to about this many bytes. */
  readonly hugeBytes?: number;
  /** The body compressed, although nobody asked for it: with `hugeBytes`, one that bursts whoever unpacks it. */
  readonly gzip?: boolean;
  /** Errors and messages in this form; a success gets a message that says nothing of importance. */
  readonly messagesAs?: 'strings' | 'objects';
  /** Adds fields that no documentation knows. */
  readonly extraFields?: boolean;
  /** Creates only: answers and stores a certificate that is wrong in this way. */
  readonly certificate?: CertificateVariant;
}
