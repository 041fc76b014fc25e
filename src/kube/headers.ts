type Header = string | string[] | undefined;

/** The time of a Date header, milliseconds since the epoch. */
export function dateOf(header: Header): number | undefined {
  const ms = Date.parse(single(header) ?? '');
  return Number.isFinite(ms) ? ms : undefined;
}

/** How long a Retry-After header asks to wait, in seconds or as a date, from `nowMs` on. */
export function retryAfterOf(header: Header, nowMs = Date.now()): number | undefined {
  const text = single(header);
  if (text === undefined) return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - nowMs;
  return ms > 0 ? ms : undefined;
}

/** The texts of Warning headers. */
export function warningsOf(header: Header): string[] {
  if (header === undefined) return [];
  return (Array.isArray(header) ? header : [header]).flatMap(warningTexts);
}

/** `299 - "text"` as RFC 7234 has it, several joined by commas; the whole header where it is worded otherwise. */
function warningTexts(header: string): string[] {
  const texts = Array.from(header.matchAll(/\d{3} \S+ "((?:[^"\\]|\\.)*)"/g), ([, text = '']) => text);
  return texts.length === 0 ? [header] : texts.map((text) => text.replaceAll(/\\(.)/g, '$1'));
}

function single(header: Header): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
