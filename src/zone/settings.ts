import type { OriginZone } from '../api/v1alpha1.ts';
import type { SettingId } from '../cloudflare/zone-client.ts';
import type { SslMode } from './concern.ts';
import { askedHstsText, hstsOf, hstsText } from './hsts.ts';
import type { SettingName } from './world.ts';

type Wanted = NonNullable<OriginZone['spec']['settings']>;

/** A setting whose value is one word. */
interface Scale {
  readonly id: SettingId;
  /** The words of the API, weakest first. */
  readonly words: readonly string[];
  /** The word that the spec asks for; undefined: not managed. */
  readonly asked: (settings: Wanted) => string | undefined;
}

const SSL_MODES = ['off', 'flexible', 'full', 'strict', 'origin_pull'] as const satisfies readonly SslMode[];

/** Settings of one word, each with what is weaker and stricter. */
export const SCALES: Readonly<Record<Exclude<SettingName, 'hsts'>, Scale>> = {
  sslAutomaticMode: {
    id: 'ssl_automatic_mode',
    words: ['auto', 'custom'],
    asked: ({ ssl }) => (ssl === undefined ? undefined : 'custom'),
  },
  ssl: { id: 'ssl', words: SSL_MODES, asked: ({ ssl }) => ssl },
  alwaysUseHttps: {
    id: 'always_use_https',
    words: ['off', 'on'],
    asked: ({ alwaysUseHttps }) => (alwaysUseHttps === undefined ? undefined : alwaysUseHttps ? 'on' : 'off'),
  },
  minTlsVersion: {
    id: 'min_tls_version',
    words: ['1.0', '1.1', '1.2', '1.3'],
    asked: ({ minTlsVersion }) => minTlsVersion,
  },
  // With 0-RTT a listener can send a visitor's first request again, so plain TLS 1.3 is the stricter one.
  tls13: { id: 'tls_1_3', words: ['off', 'zrt', 'on'], asked: ({ tls13 }) => tls13 },
};

/** All settings in the order in which changes must be made: what others wait for comes first. */
export const SETTING_NAMES = [
  'sslAutomaticMode',
  'ssl',
  'alwaysUseHttps',
  'hsts',
  'minTlsVersion',
  'tls13',
] as const satisfies readonly SettingName[];

/** Under which id the API knows the setting. */
export function wireId(name: SettingName): SettingId {
  return name === 'hsts' ? 'security_header' : SCALES[name].id;
}

/** Canonical text of what the spec asks for; undefined: not managed. */
export function askedText(spec: OriginZone['spec'], name: SettingName): string | undefined {
  const settings = spec.settings;
  if (settings === undefined) return undefined;
  if (name !== 'hsts') return SCALES[name].asked(settings);
  return settings.hsts && askedHstsText(settings.hsts);
}

/** Canonical text of a value as the API gives or takes it; what it means nothing to us is shown, cut. */
export function textOf(name: SettingName, value: unknown): string {
  return knownText(name, value) ?? String(JSON.stringify(value)).slice(0, 60);
}

/** Canonical text of a value as the API gives it; undefined for one that this program does not know. */
export function knownText(name: SettingName, value: unknown): string | undefined {
  if (name === 'hsts') {
    const hsts = hstsOf(value);
    return hsts && hstsText(hsts);
  }
  return SCALES[name].words.find((word) => word === value);
}

/** The mode that a reading of `ssl` shows; undefined where there is none, or one that this program does not know. */
export function sslModeOf(value: unknown): SslMode | undefined {
  return SSL_MODES.find((mode) => mode === value);
}

/** Off and flexible reach origins without TLS: their certificates are unused. */
export function usesTls(mode: SslMode): boolean {
  return mode !== 'off' && mode !== 'flexible';
}

/** The settings that have an action and a line in the status, in their order: the managed ones, and ssl. */
export function shownSettings(spec: OriginZone['spec']): readonly SettingName[] {
  return SETTING_NAMES.filter((name) => name === 'ssl' || askedText(spec, name) !== undefined);
}

/**
 * The settings that have to be read: the shown ones, and while ssl is managed those that decide whether a mode
 * would loop or lock visitors out.
 */
export function readSettings(spec: OriginZone['spec']): readonly SettingName[] {
  const ssl = spec.settings?.ssl;
  const shown = shownSettings(spec);
  return SETTING_NAMES.filter(
    (name) =>
      shown.includes(name) ||
      (name === 'alwaysUseHttps' && ssl !== undefined) ||
      (name === 'hsts' && ssl === 'off'),
  );
}
