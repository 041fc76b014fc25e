/** The values of each zone setting that the simulator knows, by the name of its path. */
export interface SettingValues {
  readonly ssl: SslMode;
  readonly ssl_automatic_mode: AutomaticMode;
  readonly min_tls_version: '1.0' | '1.1' | '1.2' | '1.3';
  readonly tls_1_3: Switch | 'zrt';
  readonly always_use_https: Switch;
  readonly automatic_https_rewrites: Switch;
  readonly opportunistic_encryption: Switch;
  readonly tls_client_auth: Switch;
  readonly security_header: SecurityHeader;
  /** BoringSSL names; empty for the default set. */
  readonly ciphers: readonly string[];
}

export type SettingId = keyof SettingValues;
export type SslMode = 'off' | 'flexible' | 'full' | 'strict' | 'origin_pull';
/** Whether Cloudflare's crawler chooses the mode of `ssl`. */
export type AutomaticMode = 'auto' | 'custom';
export type Switch = 'on' | 'off';

/** HSTS, and `nosniff` beside it. */
export interface SecurityHeader {
  readonly strict_transport_security: {
    readonly enabled: boolean;
    /** Seconds. */
    readonly max_age: number;
    readonly include_subdomains: boolean;
    readonly preload: boolean;
    readonly nosniff: boolean;
  };
}

/** What a zone is born with. `custom`, so that a test that wants no crawler need not send it away. */
export const SETTING_DEFAULTS: SettingValues = {
  ssl: 'full',
  ssl_automatic_mode: 'custom',
  min_tls_version: '1.0',
  tls_1_3: 'on',
  always_use_https: 'off',
  automatic_https_rewrites: 'on',
  opportunistic_encryption: 'on',
  tls_client_auth: 'off',
  security_header: {
    strict_transport_security: {
      enabled: false,
      max_age: 0,
      include_subdomains: false,
      preload: false,
      nosniff: false,
    },
  },
  ciphers: [],
};

/** From the loosest to the strictest, as far as Cloudflare's crawler climbs. */
export const CLIMBED_MODES = ['off', 'flexible', 'full', 'strict'] as const satisfies readonly SslMode[];
export const SSL_MODES: readonly SslMode[] = [...CLIMBED_MODES, 'origin_pull'];
export const AUTOMATIC_MODES: readonly AutomaticMode[] = ['auto', 'custom'];

const SWITCH: readonly Switch[] = ['on', 'off'];

type Reader<T> = (requested: unknown, current: T) => T | undefined;

const READERS: { readonly [Id in SettingId]: Reader<SettingValues[Id]> } = {
  ssl: oneOf(SSL_MODES),
  ssl_automatic_mode: oneOf(AUTOMATIC_MODES),
  min_tls_version: oneOf(['1.0', '1.1', '1.2', '1.3']),
  tls_1_3: oneOf(['on', 'off', 'zrt']),
  always_use_https: oneOf(SWITCH),
  automatic_https_rewrites: oneOf(SWITCH),
  opportunistic_encryption: oneOf(SWITCH),
  tls_client_auth: oneOf(SWITCH),
  security_header: mergedHeader,
  ciphers: (requested) => (isTextList(requested) ? requested : undefined),
};

/** Whether a path's last part names a setting. */
export function isSettingId(id: string): id is SettingId {
  return Object.hasOwn(READERS, id);
}

/** What a setting becomes when `requested` is sent while it is `current`; undefined for no value of it. */
export function settingAfter<Id extends SettingId>(
  id: Id,
  requested: unknown,
  current: SettingValues[Id],
): SettingValues[Id] | undefined {
  return READERS[id](requested, current);
}

/** The header that visitors get over HTTPS; undefined while the setting is off. */
export function hstsHeader({ strict_transport_security: hsts }: SecurityHeader): string | undefined {
  if (!hsts.enabled) return undefined;
  const subdomains = hsts.include_subdomains ? '; includeSubDomains' : '';
  return `max-age=${hsts.max_age}${subdomains}${hsts.preload ? '; preload' : ''}`;
}

function oneOf<T>(values: readonly T[]): Reader<T> {
  return (requested) => values.find((value) => value === requested);
}

/** The fields that a request leaves out stay as they are: clients send only what they change. */
function mergedHeader(requested: unknown, current: SecurityHeader): SecurityHeader | undefined {
  const asked = fieldsOf(fieldsOf(requested)?.['strict_transport_security']);
  if (asked === undefined) return undefined;
  const before = current.strict_transport_security;
  const {
    enabled = before.enabled,
    max_age = before.max_age,
    include_subdomains = before.include_subdomains,
    preload = before.preload,
    nosniff = before.nosniff,
  } = asked;
  if (typeof enabled !== 'boolean' || typeof include_subdomains !== 'boolean') return undefined;
  if (typeof preload !== 'boolean' || typeof nosniff !== 'boolean') return undefined;
  if (typeof max_age !== 'number' || !Number.isInteger(max_age) || max_age < 0) return undefined;
  return { strict_transport_security: { enabled, max_age, include_subdomains, preload, nosniff } };
}

function fieldsOf(value: unknown): { readonly [name: string]: unknown } | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
