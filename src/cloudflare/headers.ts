import type { IncomingHttpHeaders } from 'node:http';

/** What the response headers say that matters here. */
export interface AnswerHeaders {
  /** Cloudflare's id of the request, to quote to its support. */
  readonly rayId: string | undefined;
  /** The server's clock, milliseconds since the Unix epoch. */
  readonly dateMs: number | undefined;
  readonly retryAfterMs: number | undefined;
  readonly rateLimit: { readonly rest: number; readonly resetMs: number } | undefined;
}

const HTTP_DATE = /^[A-Z][a-z]{2}, .* GMT$/;
const RAY_ID = /^[0-9A-Za-z-]{1,64}$/;
/** Longer waits than this are somebody's mistake; asking once an hour hurts nobody. */
const MAX_RETRY_AFTER_MS = 3_600_000;

export function readHeaders(headers: IncomingHttpHeaders): AnswerHeaders {
  const rayId = single(headers['cf-ray']);
  const dateMs = timestamp(single(headers['date']));
  return {
    rayId: rayId !== undefined && RAY_ID.test(rayId) ? rayId : undefined,
    dateMs,
    retryAfterMs: retryAfter(single(headers['retry-after']), dateMs),
    rateLimit: rateLimit(headers['ratelimit']),
  };
}

/** Seconds or an HTTP date; a date counts from the same answer's Date, so that our clock plays no part. */
function retryAfter(text: string | undefined, dateMs: number | undefined): number | undefined {
  if (text === undefined) return undefined;
  const untilMs = timestamp(text);
  const ms = /^[0-9]+(?:\.[0-9]+)?$/.test(text)
    ? Number(text) * 1000
    : untilMs !== undefined && dateMs !== undefined
      ? untilMs - dateMs
      : undefined;
  return ms === undefined ? undefined : Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS);
}

/** `"default";r=50;t=30`: rest and seconds to reset. Of several policies the tightest counts. */
function rateLimit(value: string | string[] | undefined): AnswerHeaders['rateLimit'] {
  const policies = (Array.isArray(value) ? value.join(',') : (value ?? '')).split(',').flatMap((policy) => {
    const rest = /;\s*r=([0-9]+)/.exec(policy)?.[1];
    const seconds = /;\s*t=([0-9]+)/.exec(policy)?.[1];
    return rest === undefined || seconds === undefined
      ? []
      : [{ rest: Number(rest), resetMs: Number(seconds) * 1000 }];
  });
  return policies.toSorted((a, b) => a.rest / a.resetMs - b.rest / b.resetMs)[0];
}

function timestamp(text: string | undefined): number | undefined {
  // Date.parse alone takes "-5" for a year.
  const ms = HTTP_DATE.test(text ?? '') ? Date.parse(text ?? '') : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

function single(value: string | string[] | undefined): string | undefined {
  return (Array.isArray(value) ? value[0] : value)?.trim();
}
