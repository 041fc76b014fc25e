import { readStatus, type StatusCause, withoutValues } from './status.ts';

/**
 * What went wrong with a request to the API server. `Network`, `Timeout`, `Server` and `Aborted` leave it open
 * whether a write took place; `Fenced` means that nothing was sent.
 */
export type KubeErrorKind =
  | 'NotFound'
  | 'AlreadyExists'
  | 'Conflict'
  | 'Gone'
  | 'Invalid'
  | 'Forbidden'
  | 'Unauthorized'
  | 'TooManyRequests'
  | 'BadRequest'
  | 'Server'
  | 'Network'
  | 'Timeout'
  | 'Aborted'
  | 'Fenced'
  /** The answer to a read has more bytes than were allowed for. */
  | 'TooLarge';

interface KubeErrorDetails {
  readonly statusCode?: number | undefined;
  readonly reason?: string | undefined;
  readonly causes?: readonly StatusCause[] | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/**
 * A failed request. Its message is made of the verb, the resource, the name and the server's one-sentence
 * Status message, so it is safe to log: it never holds a body, a header or a value of a Secret.
 */
export class KubeError extends Error {
  readonly kind: KubeErrorKind;
  readonly statusCode?: number;
  /** The Status's machine-readable reason, e.g. `AlreadyExists`, `Expired`. */
  readonly reason?: string;
  readonly causes: readonly StatusCause[];
  /** How long the server asks to stay away. */
  readonly retryAfterMs?: number;

  constructor(kind: KubeErrorKind, message: string, details: KubeErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'KubeError';
    this.kind = kind;
    this.causes = details.causes ?? [];
    if (details.statusCode !== undefined) this.statusCode = details.statusCode;
    if (details.reason !== undefined) this.reason = details.reason;
    if (details.retryAfterMs !== undefined) this.retryAfterMs = details.retryAfterMs;
  }
}

/** What was asked for, in words fit for a message: `get secrets shop/tls`. */
export interface Operation {
  readonly verb: string;
  readonly resource: string;
  readonly name?: string;
}

/** Makes the error of a response that is not a success, or of an ERROR event inside a watch. */
export function errorFromStatus(
  operation: Operation,
  answer: { statusCode: number; status: unknown; retryAfterMs?: number | undefined },
): KubeError {
  const { statusCode } = answer;
  const plain = readStatus(answer.status);
  const status = mayBeEchoed(operation) ? withoutValues(plain, statusCode) : plain;
  const said = status.message ?? `HTTP ${statusCode}`;
  return new KubeError(kindOf(statusCode, status.reason), `${describe(operation)}: ${cut(said)}`, {
    ...status,
    statusCode,
    retryAfterMs: answer.retryAfterMs ?? status.retryAfterMs,
  });
}

/** Makes the error of a request that got no complete response; `signal` tells an abort from a broken network. */
export function errorFromFailure(operation: Operation, failure: unknown, signal: AbortSignal): KubeError {
  if (failure instanceof KubeError) return failure;
  if (signal.aborted) {
    const timedOut = signal.reason instanceof Error && signal.reason.name === 'TimeoutError';
    return new KubeError(
      timedOut ? 'Timeout' : 'Aborted',
      `${describe(operation)}: ${timedOut ? 'not finished within the time given' : 'aborted'}`,
      { cause: signal.reason },
    );
  }
  const code = codeOf(failure);
  const kind = TIMEOUT_CODES.has(code) ? 'Timeout' : 'Network';
  const what = kind === 'Timeout' ? 'no answer in time' : 'the connection to the API server failed';
  return new KubeError(kind, `${describe(operation)}: ${what} (${code})`, { cause: failure });
}

/** `verb resource name`, as it begins every message. */
export function describe(operation: Operation): string {
  const name = operation.name === undefined || operation.name === '' ? '' : ` ${operation.name}`;
  return `${operation.verb} ${operation.resource}${name}`;
}

const TIMEOUT_CODES: ReadonlySet<string> = new Set([
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'ETIMEDOUT',
]);

const KIND_OF_STATUS: Readonly<Record<number, KubeErrorKind>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  410: 'Gone',
  422: 'Invalid',
  429: 'TooManyRequests',
};

function kindOf(statusCode: number, reason: string | undefined): KubeErrorKind {
  if (statusCode === 409 && reason === 'AlreadyExists') return 'AlreadyExists';
  return KIND_OF_STATUS[statusCode] ?? (statusCode >= 400 && statusCode < 500 ? 'BadRequest' : 'Server');
}

/** A complaint about a Secret that was sent may quote it. */
function mayBeEchoed({ verb, resource }: Operation): boolean {
  return resource === 'secrets' && !['get', 'list', 'watch'].includes(verb);
}

/** A message of the server is a sentence; what is longer is something else. */
const MAX_MESSAGE = 1_000;

function cut(message: string): string {
  return message.length <= MAX_MESSAGE ? message : `${message.slice(0, MAX_MESSAGE)}…`;
}

function codeOf(failure: unknown): string {
  if (!(failure instanceof Error)) return 'unknown failure';
  if ('code' in failure && typeof failure.code === 'string') return failure.code;
  return failure.cause === undefined ? failure.name : codeOf(failure.cause);
}
