import { randomFrom } from '../kill/random.ts';
import type { CertificateVariant, Operation } from '../simulator/protocol.ts';
import type { SslMode } from '../simulator/rules/zone-setting.ts';
import { Crowd } from './crowd.ts';
import { Dice } from './dice.ts';
import { API_TROUBLES, LOSSES, type Step } from './steps.ts';
import { PULL_CAS, type PullsWish } from './site.ts';
import type { Tempo } from './tempo.ts';
import { ISSUERS, ZONES } from './wish.ts';

export interface PlannedStep {
  /** From the beginning of the run. */
  readonly atMs: number;
  readonly step: Step;
}

/** For so long replicas are killed, paused and rolled, and then for as long they are not, which shows their memory. */
const SEASON_MS = 5 * 60_000;

/** Bears the key that was asked for or one that was not; what no reader of a list could recognise is left out. */
export const BAD_CERTIFICATES = [
  'otherKey',
  'otherHostnames',
  'otherValidity',
  'otherAlgorithm',
  'expired',
  'notYetValid',
  'ca',
  'unknownRoot',
] as const satisfies readonly CertificateVariant[];

const OPERATIONS = [
  'createCertificate',
  'createCertificate',
  'createCertificate',
  'listCertificates',
  'revokeCertificate',
  'getCertificate',
  'listZones',
  'patchSetting',
] as const satisfies readonly Operation[];

const MODES = ['flexible', 'full', 'off'] as const satisfies readonly SslMode[];

/** Off is rarer: it takes minutes until origins may demand anything again. */
const PULL_WISHES: readonly PullsWish[] = [
  { mode: 'Off', ca: undefined },
  ...[undefined, ...Array(PULL_CAS).keys()].map((ca) => ({ mode: 'Zone', ca }) as const),
];

/** Everything that happens, for ever: the same seed and tempo always yield the same steps at the same times. */
export function* planOf(seed: number, tempo: Tempo, slots: readonly string[]): Generator<PlannedStep> {
  const dice = new Dice(randomFrom(seed));
  const crowd = new Crowd(dice, slots);
  let request = 0;
  let atMs = 0;
  const faultMs = (): number => dice.from(...tempo.faultMs);
  const site = (): Step => {
    const which = dice.from(0, ZONES.length - 1);
    request += 1;
    return dice.weighted<readonly [number, Step]>([
      [4, { kind: 'renew site', site: which, request }],
      [2, { kind: 'break origin', site: which, ms: 3 * faultMs() }],
      [3, { kind: 'drift', site: which, ssl: dice.one(MODES) }],
      [2, { kind: 'zone anew', site: which }],
      [1, { kind: 'origin pulls', site: which, wish: dice.one(PULL_WISHES) }],
    ])[1];
  };
  const cloudflare = (): Step =>
    dice.weighted<readonly [number, Step]>([
      [2, { kind: 'outage', status: dice.one([500, 502, 503, 520]), ms: faultMs() }],
      [6, { kind: 'lose', operation: dice.one(OPERATIONS), how: dice.one(LOSSES), count: dice.from(1, 3) }],
      [1, { kind: 'limit', retryAfter: dice.one([1, 2, 5, false] as const), count: dice.from(1, 3) }],
      [1, { kind: 'bad certificate', variant: dice.one(BAD_CERTIFICATES) }],
      [3, { kind: 'late', signing: dice.chance(0.7), listing: dice.chance(0.7), ms: faultMs() }],
      [
        1,
        {
          kind: 'token refused',
          issuer: dice.from(0, ISSUERS - 1),
          ms: faultMs(),
          replaced: dice.chance(0.7),
        },
      ],
    ])[1];
  const api = (): Step => ({
    kind: 'api',
    replica: dice.from(0, 1),
    how: dice.one(API_TROUBLES),
    ms: faultMs(),
    count: dice.from(1, 6),
  });
  const process = (): Step =>
    dice.weighted<readonly [number, Step]>([
      [4, { kind: 'kill', whom: 'leader' }],
      [1, { kind: 'kill', whom: 'both' }],
      [3, { kind: 'pause', ms: faultMs() }],
      [2, { kind: 'roll' }],
    ])[1];
  const server = (): Step => ({ kind: 'restart', what: dice.one(['API server', 'etcd'] as const) });
  for (;;) {
    atMs += Math.round(-Math.log(1 - dice.next()) * tempo.paceMs);
    const isRough = Math.floor(atMs / SEASON_MS) % 2 === 0;
    const [, make] = dice.weighted<readonly [number, () => Step]>([
      [60, () => crowd.wish()],
      [9, () => crowd.breakSomething()],
      [6, () => crowd.clash()],
      [5, site],
      [12, cloudflare],
      [8, api],
      [isRough ? 2 : 0, process],
      [isRough ? 0.6 : 0, server],
    ]);
    yield { atMs, step: make() };
  }
}
