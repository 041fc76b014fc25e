/** One entry of `errors` or `messages`. */
export interface ApiMessage {
  readonly code: number | undefined;
  /** Made safe for a condition: one line, at most 300 characters, no PEM. */
  readonly message: string;
}

/** What Cloudflare wraps every answer in, as far as an answer can be read as one. */
export interface Envelope {
  /** Absent in some documented answers; only `false` means failure. */
  readonly success: boolean | undefined;
  readonly result: unknown;
  /** In order, each followed by its `error_chain`; of very many the first. */
  readonly errors: readonly ApiMessage[];
  readonly totalCount: number | undefined;
}

const MAX_MESSAGE_LENGTH = 300;
/** What is looked at of a longer text: replacements shorten it. */
const MAX_READ_LENGTH = 10 * MAX_MESSAGE_LENGTH;
/** More errors than any answer has, and deeper chains. */
const MAX_ERRORS = 20;
const MAX_CHAIN = 5;

/**
 * Reads a body leniently: unknown fields, messages as strings or objects and codes as numbers or text all pass.
 * Undefined where the body is no JSON object (an HTML page, a cut answer): that is no answer of the API.
 */
export function parseEnvelope(body: string): Envelope | undefined {
  const parsed = asRecord(parseJson(body));
  if (parsed === undefined) return undefined;
  const { success, result, errors, result_info: resultInfo } = parsed;
  return {
    success: typeof success === 'boolean' ? success : undefined,
    result,
    errors: messagesOf(errors),
    totalCount: asCount(asRecord(resultInfo)?.['total_count']),
  };
}

/** The fields of a JSON object; undefined for anything else. */
export function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return value as Readonly<Record<string, unknown>>;
}

/** The text, or undefined for anything that is no text or empty. Half a character would make no URL. */
export function asText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.toWellFormed() : undefined;
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined; // "Not JSON" is the finding; the parser's words would quote the body.
  }
}

function messagesOf(value: unknown, depth = 0): readonly ApiMessage[] {
  if (!Array.isArray(value)) return typeof value === 'string' ? [messageOf(value)] : [];
  const entries: readonly unknown[] = value.slice(0, MAX_ERRORS);
  const messages = entries.flatMap((entry) => [
    messageOf(entry),
    ...(depth < MAX_CHAIN ? messagesOf(asRecord(entry)?.['error_chain'], depth + 1) : []),
  ]);
  return messages.slice(0, MAX_ERRORS);
}

function messageOf(entry: unknown): ApiMessage {
  const record = asRecord(entry);
  const text = asText(record === undefined ? entry : record['message']) ?? '';
  return { code: asCount(record?.['code']), message: safeText(text) };
}

function asCount(value: unknown): number | undefined {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}

/** Cloudflare's words may quote what was sent: no PEM block, no control character, no novel. */
function safeText(text: string): string {
  const oneLine = text
    .slice(0, MAX_READ_LENGTH)
    .toWellFormed()
    .replace(/-----BEGIN[\s\S]*?(?:-----END[^-]*-----|$)/g, '[PEM]')
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
    .replace(/[.\s]+$/, '');
  return oneLine.length > MAX_MESSAGE_LENGTH ? `${oneLine.slice(0, MAX_MESSAGE_LENGTH)}…` : oneLine;
}
