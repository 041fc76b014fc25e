import type { OriginZone } from '../../../src/api/v1alpha1.ts';
import { SETTING_NAMES } from '../../../src/zone/settings.ts';
import type {
  GateView,
  OriginLine,
  Reading,
  SettingAction,
  SettingHistory,
  SettingName,
  ZoneWorld,
} from '../../../src/zone/world.ts';
import { decide } from '../../../src/zone/decide.ts';

export const MINUTE = 60_000;
export const DAY = 24 * 60 * MINUTE;
export const NOW = Date.UTC(2026, 10, 21, 12);
/** This moment by the monotonic clock. */
export const MONOTONIC = 2 * DAY;

export type Spec = OriginZone['spec'];
type Settings = NonNullable<Spec['settings']>;

export interface WorldChange {
  readonly spec?: Partial<Spec>;
  readonly settings?: Settings;
  /** Values as the API has them; undefined: not read. */
  readonly values?: Partial<Record<SettingName, unknown>>;
  readonly readOnly?: readonly SettingName[];
  readonly history?: Partial<Record<SettingName, Partial<SettingHistory>>>;
  readonly lines?: readonly OriginLine[];
  readonly gate?: Partial<GateView>;
  readonly world?: Partial<ZoneWorld>;
}

export function hstsValue(
  enabled: boolean,
  maxAge: number,
  { includeSubdomains = false, preload = false, noSniff = false } = {},
): unknown {
  const header = {
    enabled,
    max_age: maxAge,
    include_subdomains: includeSubdomains,
    preload,
    nosniff: noSniff,
  };
  return { strict_transport_security: header };
}

/** A zone as it is before anything was done: in mode Enforce, flexible, with one good origin. */
export function worldOf(change: WorldChange = {}): ZoneWorld {
  const values: Partial<Record<SettingName, unknown>> = {
    sslAutomaticMode: 'custom',
    ssl: 'flexible',
    alwaysUseHttps: 'off',
    minTlsVersion: '1.0',
    tls13: 'off',
    hsts: hstsValue(false, 0),
    ...change.values,
  };
  const readings: Partial<Record<SettingName, Reading>> = {};
  for (const name of SETTING_NAMES) {
    const value = values[name];
    const editable = !change.readOnly?.includes(name);
    if (value !== undefined) readings[name] = { value, editable, readMs: MONOTONIC };
  }
  const view = { lines: change.lines ?? [line()], complete: true, missing: [], ...change.gate };
  return {
    spec: {
      apiTokenSecretRef: { name: 'zone-token', key: 'api-token' },
      mode: 'Enforce',
      ...(change.settings === undefined ? {} : { settings: change.settings }),
      allowDowngrade: false,
      restoreAfter: '15m',
      gate: { origins: 'Verified' },
      authenticatedOriginPulls: { mode: 'Unmanaged' },
      inventory: { interval: '6h' },
      ...change.spec,
    },
    objectName: 'shop',
    zoneName: 'example.com',
    zoneProblem: undefined,
    enforce: true,
    hindrance: undefined,
    now: NOW,
    monotonic: MONOTONIC,
    readings,
    history: historyOf(change.history ?? {}),
    gate: () => view,
    roundMs: 0,
    readyCertificates: 0,
    ...change.world,
  };
}

function historyOf(
  changes: Partial<Record<SettingName, Partial<SettingHistory>>>,
): Record<SettingName, SettingHistory> {
  const of = (name: SettingName): SettingHistory => ({
    lastInSync: undefined,
    differsSinceMs: MONOTONIC - MINUTE,
    restores: [],
    patchedMs: undefined,
    patchedTo: undefined,
    refusal: undefined,
    ...changes[name],
  });
  return {
    sslAutomaticMode: of('sslAutomaticMode'),
    ssl: of('ssl'),
    minTlsVersion: of('minTlsVersion'),
    tls13: of('tls13'),
    alwaysUseHttps: of('alwaysUseHttps'),
    hsts: of('hsts'),
  };
}

/** An origin that passes, looked at half a minute ago. */
export function line(change: Partial<OriginLine> = {}): OriginLine {
  return {
    hostname: 'www.example.com',
    address: '192.0.2.7:443',
    source: 'record A www.example.com',
    result: 'Valid',
    tls: true,
    redirectsToHttp: false,
    clientCertificate: 'no',
    issuer: 'CloudFlare Origin SSL ECC Certificate Authority',
    notAfter: NOW + 90 * DAY,
    message: 'It serves a certificate of the Origin CA.',
    beganMs: MONOTONIC - MINUTE / 2,
    ...change,
  };
}

/** An origin with a certificate that only full accepts. */
export function untrusted(change: Partial<OriginLine> = {}): OriginLine {
  return line({ result: 'Untrusted', message: 'It serves a certificate signed by itself.', ...change });
}

/** An origin without TLS. */
export function broken(change: Partial<OriginLine> = {}): OriginLine {
  return line({ result: 'Refused', tls: false, message: 'Nobody listens there.', ...change });
}

/** What is decided about one setting. */
export function actionOf(name: SettingName, change: WorldChange): SettingAction {
  const action = decide(worldOf(change)).find((found) => found.name === name);
  if (action === undefined) throw new Error(`nothing was decided about ${name}`);
  return action;
}

/** The same in one line: its type, and what distinguishes it. */
export function decided(name: SettingName, change: WorldChange): string {
  const action = actionOf(name, change);
  return action.type === 'Patch'
    ? `${action.because} ${action.from} to ${action.to}`
    : `${action.type} ${action.reason}`;
}
