const ALLOWED_DAYS: readonly number[] = [7, 30, 90, 365, 730, 1095, 5475];
const DEFAULT_DAYS = 5475;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** Both forms in which `expires_on` has been seen: Go's `time.String`, and RFC 3339. */
export type DateForm = 'go' | 'rfc3339';

/**
 * Days asked for, or undefined when Cloudflare does not sell them. Absent means 5475; so does 0, which
 * clients written in Go send for an unset field.
 */
export function validityDays(requested: number | undefined): number | undefined {
  if (requested === undefined || requested === 0) return DEFAULT_DAYS;
  return ALLOWED_DAYS.includes(requested) ? requested : undefined;
}

/** Validity of a leaf signed at `now`: whole minutes, exactly `days` × 24 h long. */
export function validityFrom(
  now: number,
  days: number,
): { readonly notBefore: number; readonly notAfter: number } {
  const notBefore = Math.floor(now / MINUTE_MS) * MINUTE_MS;
  return { notBefore, notAfter: notBefore + days * DAY_MS };
}

/** A date as `expires_on` bears it. */
export function formatDate(time: number, form: DateForm): string {
  const iso = new Date(time).toISOString();
  const seconds = iso.slice(0, 19);
  return form === 'go' ? `${seconds.replace('T', ' ')} +0000 UTC` : `${seconds}Z`;
}

/** Whole days from `now` to `notAfter`: what `requested_validity` was seen to count down in 2021. */
export function daysLeft(now: number, notAfter: number): number {
  return Math.max(0, Math.floor((notAfter - now) / DAY_MS));
}
