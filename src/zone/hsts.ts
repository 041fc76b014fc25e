import type { OriginZone } from '../api/v1alpha1.ts';
import { asRecord } from '../cloudflare/envelope.ts';

/** The Strict-Transport-Security header as the spec spells it, all fields known. */
export interface Hsts {
  readonly enabled: boolean;
  /** Seconds. */
  readonly maxAge: number;
  readonly includeSubdomains: boolean;
  readonly preload: boolean;
  readonly noSniff: boolean;
}

type AskedHsts = NonNullable<NonNullable<OriginZone['spec']['settings']>['hsts']>;

const FIELDS = [
  'enabled',
  'maxAge',
  'includeSubdomains',
  'preload',
  'noSniff',
] as const satisfies readonly (keyof Hsts)[];

/** What the API answered for `security_header`: what it leaves out is off; undefined where it is no such object. */
export function hstsOf(value: unknown): Hsts | undefined {
  const header = asRecord(asRecord(value)?.['strict_transport_security']);
  if (header === undefined) return undefined;
  const { max_age: maxAge } = header;
  return {
    enabled: header['enabled'] === true,
    maxAge: typeof maxAge === 'number' ? maxAge : 0,
    includeSubdomains: header['include_subdomains'] === true,
    preload: header['preload'] === true,
    noSniff: header['nosniff'] === true,
  };
}

/** As the API takes it. All five fields: it is nowhere written what becomes of those that are left out. */
export function hstsWire({ enabled, maxAge, includeSubdomains, preload, noSniff }: Hsts): unknown {
  return {
    strict_transport_security: {
      enabled,
      max_age: maxAge,
      include_subdomains: includeSubdomains,
      preload,
      nosniff: noSniff,
    },
  };
}

export function hstsText(hsts: Partial<Hsts>): string {
  return FIELDS.flatMap((field) => (hsts[field] === undefined ? [] : [`${field}=${hsts[field]}`])).join(' ');
}

/** The text of those fields that the spec manages. */
export function askedHstsText(asked: AskedHsts): string {
  return hstsText(asked);
}

/**
 * What the header is to be: field by field the stricter of asked and observed, or what is asked where downgrades
 * are allowed; fields not asked for stay. What lies dormant in a header that is not sent binds no visitor and is not
 * stricter than anything: enabling one does not bring it to life.
 */
export function hstsTarget(asked: AskedHsts, observed: Hsts, allowDowngrade: boolean): Hsts {
  const stricter = (wanted: boolean | undefined, seen: boolean, inForce = true): boolean =>
    wanted === undefined || (!allowDowngrade && inForce && seen) ? seen : wanted;
  const sent = observed.enabled;
  return {
    enabled: stricter(asked.enabled, observed.enabled),
    maxAge:
      asked.maxAge === undefined || (!allowDowngrade && sent && observed.maxAge > asked.maxAge)
        ? observed.maxAge
        : asked.maxAge,
    includeSubdomains: stricter(asked.includeSubdomains, observed.includeSubdomains, sent),
    preload: stricter(asked.preload, observed.preload, sent),
    noSniff: stricter(asked.noSniff, observed.noSniff),
  };
}

/** Up to this age a mistake passes within a day: the longest that needs no acknowledgement, seconds. */
export const SHORT_MAX_AGE = 86_400;

/** Whether `next` newly lets browser makers build the header in. */
export function newlyPreloads(observed: Hsts, next: Hsts): boolean {
  return next.enabled && next.preload && !(observed.enabled && observed.preload);
}

/** Whether `next` binds visitors for more than a day, and longer or to more names than the header in force. */
export function locksLonger(observed: Hsts, next: Hsts): boolean {
  if (!next.enabled || next.maxAge <= SHORT_MAX_AGE) return false;
  const holdsAlready =
    observed.enabled &&
    observed.maxAge >= next.maxAge &&
    (observed.includeSubdomains || !next.includeSubdomains);
  return !holdsAlready;
}
