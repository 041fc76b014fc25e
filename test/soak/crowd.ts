import type { Dice } from './dice.ts';
import { placeOf } from './places.ts';
import { CLASHES, DAMAGES, type PairByHand, type Step } from './steps.ts';
import { FIRST_WISH, ISSUERS, NAME_SETS, SECRET_NAMES, secretNameOf, type Wish } from './wish.ts';

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
  [
    3,
    'change the issuer',
    ({ issuer }, dice) => ({ issuer: (issuer + dice.from(1, ISSUERS - 1)) % ISSUERS }),
  ],
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
const AWAKE = { suspended: false, held: false } as const;
const GO_ON = [1, 'resume and let go on', () => AWAKE] as const;
/** Of the objects that people make, so many are to take over a pair; and of these pairs, so many are for other names. */
const ADOPTED_SHARE = 0.4;
const MISFIT_SHARE = 0.25;

function isIdle({ suspended, held }: Wish): boolean {
  return suspended || held;
}

/** What people will want, and what they will do to what they have. */
export class Crowd {
  readonly #dice: Dice;
  readonly #slots: readonly string[];
  /** Of the objects that are there. */
  readonly #wishes = new Map<string, Wish>();
  /** Of all: whoever makes an object again wants what he wanted. */
  readonly #last: Map<string, Wish>;

  constructor(dice: Dice, slots: readonly string[]) {
    this.#dice = dice;
    this.#slots = slots;
    this.#last = new Map(slots.map((slot) => [slot, FIRST_WISH]));
  }

  wish(): Step {
    const dice = this.#dice;
    const slot = dice.one(this.#slots);
    const wish = this.#wishes.get(slot);
    if (wish === undefined)
      return dice.chance(ADOPTED_SHARE) ? this.#adopt(slot) : this.#apply(slot, this.#lastOf(slot), 'create');
    if (dice.chance(0.06)) {
      this.#wishes.delete(slot);
      return { kind: 'delete', slot };
    }
    const [, why, change] = isIdle(wish) && dice.chance(0.5) ? GO_ON : dice.weighted(CHANGES);
    return this.#apply(slot, { ...wish, ...change(wish, dice) }, why);
  }

  #adopt(slot: string): Step {
    const dice = this.#dice;
    const { wish } = this.#apply(slot, { ...this.#lastOf(slot), ...AWAKE, adopts: true }, 'adopt');
    const pair: PairByHand = {
      type: dice.one(['kubernetes.io/tls', 'Opaque'] as const),
      algorithm: dice.one(['ECDSA', 'RSA'] as const),
      names: dice.chance(MISFIT_SHARE) ? (wish.names + 1) % NAME_SETS : wish.names,
    };
    return { kind: 'adopt', slot, wish, pair };
  }

  breakSomething(): Step {
    const dice = this.#dice;
    const slot = dice.one(this.#slots);
    if (dice.chance(0.04)) return { kind: 'delete pending', slot };
    if (dice.chance(0.04)) return { kind: 'strip status', slot };
    if (dice.chance(0.12)) return { kind: 'revoke', slot };
    if (dice.chance(0.03)) return { kind: 'mark', slot };
    // Of the same place: to a Secret of another, no pair that the operator may revoke can be copied unseen.
    const another = dice.one(this.#slots.filter((each) => placeOf(each) === placeOf(slot)));
    return {
      kind: 'damage',
      slot,
      secret: secretNameOf(slot, this.#lastOf(slot)),
      how: dice.one(DAMAGES),
      other: secretNameOf(another, this.#lastOf(another)),
    };
  }

  /** Of six in a row the operator gives up, and has to begin again. */
  clash(): Step {
    const clash = this.#dice.one(CLASHES);
    const isMark = clash.how === 'add fields of their own';
    return { kind: 'clash', ...clash, count: isMark ? this.#dice.from(1, 6) : 1 };
  }

  #apply(slot: string, wish: Wish, why: string): Extract<Step, { readonly kind: 'apply' }> {
    this.#wishes.set(slot, wish);
    this.#last.set(slot, wish);
    return { kind: 'apply', slot, wish, why };
  }

  #lastOf(slot: string): Wish {
    return this.#last.get(slot) ?? FIRST_WISH;
  }
}
