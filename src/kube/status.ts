/** One entry of a Status's `details.causes`. */
export interface StatusCause {
  readonly reason?: string;
  readonly field?: string;
  readonly message: string;
}

/** What counts of a `v1.Status`, the body of every refusal. All absent where the body was something else. */
export interface Status {
  readonly message?: string;
  readonly reason?: string;
  readonly causes: readonly StatusCause[];
  readonly retryAfterMs?: number;
}

/** Reads what may be a `v1.Status`; a load balancer's HTML page gives an empty one. */
export function readStatus(value: unknown): Status {
  if (!isRecord(value) || value['kind'] !== 'Status') return { causes: [] };
  const details = isRecord(value['details']) ? value['details'] : {};
  const seconds = details['retryAfterSeconds'];
  return {
    ...text('message', value['message']),
    ...text('reason', value['reason']),
    causes: Array.isArray(details['causes']) ? details['causes'].map(readCause) : [],
    ...(typeof seconds === 'number' && seconds > 0 ? { retryAfterMs: seconds * 1_000 } : {}),
  };
}

/**
 * The same Status without the values that the server quotes. Measured: a merge patch with bad base64 is answered
 * with the whole Secret in the message. Of a complaint about a field only the field and the server's fixed words
 * are kept; the words of others (quota, admission policies) are kept up to where they quote something long.
 */
export function withoutValues(answered: Status, statusCode: number): Status {
  const status = withoutQuotes(answered);
  const { message, ...rest } = status;
  if (message === undefined) return status;
  // 500 without a reason: an apply whose types do not fit, which is answered with the value that does not.
  const unread = statusCode === 400 || (statusCode === 500 && status.reason === undefined);
  if (unread) return { ...rest, causes: [], message: 'the Secret could not be read (details withheld)' };
  if (statusCode !== 422) return status;
  const causes = status.causes.map(withoutValue);
  const words = causes.map(({ field, message: said }) => (field === undefined ? said : `${field}: ${said}`));
  return { ...rest, causes, message: words.length === 0 ? 'invalid (details withheld)' : words.join('; ') };
}

/** What a policy's message can have from a Secret: PEM, or base64 of anything that is worth keeping. */
const LONG_QUOTE = /-----BEGIN|[A-Za-z0-9+/]{40}/;

function withoutQuotes(status: Status): Status {
  const { message, causes, ...rest } = status;
  const cut = (words: string): string => {
    const at = words.search(LONG_QUOTE);
    return at === -1 ? words : `${words.slice(0, at)}(the rest is withheld, it quotes the Secret)`;
  };
  return {
    ...rest,
    ...(message === undefined ? {} : { message: cut(message) }),
    causes: causes.map((cause) => ({ ...cause, message: cut(cause.message) })),
  };
}

/** `Invalid value: "…": the server's words`, the only form in which words are believed to be fixed. */
const QUOTED_VALUE = /^[A-Z][A-Za-z ]+: "(?:[^"\\]|\\.)*": ([^"]*)$/s;

function withoutValue(cause: StatusCause): StatusCause {
  if (cause.field === undefined) return cause;
  const words = QUOTED_VALUE.exec(cause.message)?.[1] ?? cause.reason ?? 'invalid';
  return { ...cause, message: words };
}

function readCause(value: unknown): StatusCause {
  if (!isRecord(value)) return { message: '' };
  return {
    message: '',
    ...text('message', value['message']),
    ...text('field', value['field']),
    ...text('reason', value['reason']),
  };
}

function text<K extends string>(name: K, value: unknown): { [P in K]?: string } {
  return typeof value === 'string' ? ({ [name]: value } as { [P in K]: string }) : {};
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
