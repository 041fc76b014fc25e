import { randomFrom } from '../kill/random.ts';
import type { CertificateVariant, Operation } from '../simulator/protocol.ts';
import type { SslMode } from '../simulator/rules/zone-setting.ts';
import { API_TROUBLES, DAMAGES, LOSSES, type Step } from './steps.ts';
import type { Tempo } from './tempo.ts';
import { FIRST_WISH, ISSUERS, NAME_SETS, SECRET_NAMES, secretNameOf, type Wish, ZONES } from './wish.ts';

export interface PlannedStep {
  /** From the beginning of the run. */
  readonly atMs: number;
  readonly step: Step;
}

/** For so long replicas are killed, paused and rolled, and then for as long they are not, which shows their memory. */
const SEASON_MS = 5 * 60_000;

type Change = (wish: Wish, dice: Dice) => Partial<Wish>;

/** What people change, how often, and in what words. */
const CHANGES: readonly (readonly [weight: number, why: string, change: Change])[] = [
  [5, 'ask for a renewal', ({ renewal }) => ({ renewal: renewal + 1 })],
  [
    5,
    'edit the hostnames',
    ({ names }, dice) => ({ names: (names + dice.from(1, NAME_SETS - 1)) % NAME_SETS }),
  ],
  [
    3,
    'rename the Secret',
    ({ secret }, dice) => ({ secret: (secret + dice.from(1, SECRET_NAMES - 1)) % SECRET_NAMES }),
  ],
  [3, 'change the issuer', ({ issuer }) => ({ issuer: (issuer + 1) % ISSUERS })],
  [2, 'change what becomes of replaced ones', ({ revokes }) => ({ revokes: !revokes })],
  [1, 'ask for another key', ({ rekey }) => ({ rekey: rekey + 1 })],
  [1, 'change the validity', (_wish, dice) => ({ validityDays: dice.one([7, 30, 90] as const) })],
  [1, 'change the key', ({ algorithm }) => ({ algorithm: algorithm === 'RSA' ? 'ECDSA' : 'RSA' })],
  [1, 'suspend or resume', ({ suspended }) => ({ suspended: !suspended })],
  [1, 'hold or let go on', ({ held }) => ({ held: !held })],
  [2, 'change the template', ({ label }) => ({ label: label + 1 })],
  [1, 'change the outputs', ({ bundle }) => ({ bundle: !bundle })],
  [1, 'change temporaryCertificate', ({ temporary }) => ({ temporary: !temporary })],
  [
    2,
    'change what becomes of it with its object',
    (_wish, dice) => ({ onDelete: dice.one(['Retain', 'Delete', 'Revoke'] as const) }),
  ],
];

/** Most of the time people let an object be worked. */
const GO_ON = [1, 'resume and let go on', () => ({ suspended: false, held: false })] as const;

function isIdle({ suspended, held }: Wish): boolean {
  return suspended || held;
}

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

/** Everything that happens, for ever: the same seed and tempo always yield the same steps at the same times. */
export function* planOf(seed: number, tempo: Tempo, slots: readonly string[]): Generator<PlannedStep> {
  const dice = new Dice(randomFrom(seed));
  const wishes = new Map<string, Wish>();
  const last = new Map(slots.map((slot) => [slot, FIRST_WISH]));
  let request = 0;
  let atMs = 0;
  const faultMs = (): number => dice.from(...tempo.faultMs);
  const user = (): Step => {
    const slot = dice.one(slots);
    const wish = wishes.get(slot);
    if (wish === undefined) {
      const again = last.get(slot) ?? FIRST_WISH;
      wishes.set(slot, again);
      return { kind: 'apply', slot, wish: again, why: 'create' };
    }
    if (dice.chance(0.06)) {
      wishes.delete(slot);
      return { kind: 'delete', slot };
    }
    const [, why, change] = isIdle(wish) && dice.chance(0.5) ? GO_ON : dice.weighted(CHANGES);
    const next = { ...wish, ...change(wish, dice) };
    wishes.set(slot, next);
    last.set(slot, next);
    return { kind: 'apply', slot, wish: next, why };
  };
  const breaker = (): Step => {
    const slot = dice.one(slots);
    if (dice.chance(0.04)) return { kind: 'delete pending', slot };
    if (dice.chance(0.04)) return { kind: 'strip status', slot };
    if (dice.chance(0.12)) return { kind: 'revoke', slot };
    const secret = secretNameOf(slot, last.get(slot) ?? FIRST_WISH);
    const another = dice.one(slots);
    const other = secretNameOf(another, last.get(another) ?? FIRST_WISH);
    return { kind: 'damage', slot, secret, how: dice.one(DAMAGES), other };
  };
  const site = (): Step => {
    const which = dice.from(0, ZONES.length - 1);
    request += 1;
    return dice.weighted<readonly [number, Step]>([
      [4, { kind: 'renew site', site: which, request }],
      [2, { kind: 'break origin', site: which, ms: 3 * faultMs() }],
      [3, { kind: 'drift', site: which, ssl: dice.one(MODES) }],
      [2, { kind: 'zone anew', site: which }],
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
      [60, user],
      [9, breaker],
      [5, site],
      [12, cloudflare],
      [8, api],
      [isRough ? 2 : 0, process],
      [isRough ? 0.6 : 0, server],
    ]);
    yield { atMs, step: make() };
  }
}

/** Chance, as the seed decides it. */
class Dice {
  readonly next: () => number;

  constructor(random: () => number) {
    this.next = random;
  }

  /** A whole number; both ends are possible. */
  from(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  one<T>(items: readonly T[]): T {
    const item = items[this.from(0, items.length - 1)];
    if (item === undefined) throw new Error('nothing to choose from');
    return item;
  }

  /** One of the items; the first value of each is how often it comes. */
  weighted<T extends readonly [weight: number, ...rest: unknown[]]>(items: readonly T[]): T {
    let left = this.next() * items.reduce((sum, [weight]) => sum + weight, 0);
    for (const item of items) {
      left -= item[0];
      if (left < 0) return item;
    }
    throw new Error('nothing to choose from');
  }
}
