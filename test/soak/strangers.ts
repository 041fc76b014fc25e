import { PENDING_SECRET_PREFIX } from '../../src/api/names.ts';
import type { Gate, Passage } from '../proxy/gate.ts';
import type { Journal } from './journal.ts';
import type { Places } from './places.ts';
import type { Clash, ClashPoint, Step } from './steps.ts';
import type { Users } from './users.ts';
import { ownerOf } from './wish.ts';

/** What the operator is about to write: an object, or a Secret of one. */
interface Write {
  readonly at: ClashPoint;
  readonly slot: string;
  readonly name: string;
}

const SECRET = /^\/api\/v1\/namespaces\/([^/]+)\/secrets\/([^/?]+)/;
const OBJECT = /^\/apis\/originca\.dev\/v1alpha1\/namespaces\/([^/]+)\/origincertificates\/([^/?]+)/;

/**
 * Somebody who comes just before the operator: between what it read and what it writes there is another's write, so
 * that the server refuses it with a conflict of its own.
 */
export class Strangers {
  /** Clashes that wait for a write to come before. */
  #waiting: readonly Clash[] = [];
  readonly #places: Places;
  readonly #users: Pick<Users, 'run' | 'slotOfUid'>;
  readonly #journal: Journal;
  #isOver = false;
  /** Writes of the operator that somebody came before. */
  hits = 0;

  constructor(places: Places, users: Pick<Users, 'run' | 'slotOfUid'>, journal: Journal) {
    this.#places = places;
    this.#users = users;
    this.#journal = journal;
  }

  lieInWait(clash: Clash): void {
    this.#waiting = [...this.#waiting, clash];
  }

  /** Nobody comes in between any more. */
  end(): void {
    this.#isOver = true;
    this.#waiting = [];
  }

  /** Of a replica's way to the API server. */
  readonly gate: Gate = async (passage) => {
    const write = this.#writeIn(passage);
    const clash = this.#waiting.find(({ at }) => at === write?.at);
    if (write && clash) await this.#comeBefore(write, clash);
    return 'pass';
  };

  async #comeBefore(write: Write, clash: Clash): Promise<void> {
    // Taken off before it is carried out: another write may come meanwhile.
    this.#waiting = this.#waiting.filter((each) => each !== clash);
    const isHit = await this.#users.run(this.#deedOf(write, clash));
    const left = isHit ? clash.count - 1 : clash.count;
    // Behind all others: one that cannot be carried out yet is not to keep them from it.
    if (left > 0 && !this.#isOver) this.#waiting = [...this.#waiting, { ...clash, count: left }];
    if (!isHit) return;
    this.hits += 1;
    this.#journal.note(`somebody came before a write of ${write.name} of ${write.slot}: ${clash.how}`);
  }

  #deedOf({ slot, name }: Write, { at, how }: Clash): Step {
    if (at === 'object')
      return how === 'strip status' ? { kind: 'strip status', slot } : { kind: 'mark', slot };
    if (at === 'pending Secret' && how === 'delete') return { kind: 'delete pending', slot };
    return { kind: 'damage', slot, secret: name, how, other: name };
  }

  #writeIn({ when, method, path }: Passage): Write | undefined {
    if (when !== 'before' || !['PATCH', 'DELETE'].includes(method) || path.includes('dryRun'))
      return undefined;
    const [, inSecrets, secret] = SECRET.exec(path) ?? [];
    const [, inObjects, object] = OBJECT.exec(path) ?? [];
    const namespace = inSecrets ?? inObjects ?? '';
    const name = secret ?? object ?? '';
    if (!this.#places.all.includes(namespace)) return undefined;
    if (object !== undefined) return this.#of({ at: 'object', namespace, name, owner: name });
    if (!name.startsWith(PENDING_SECRET_PREFIX))
      return this.#of({ at: 'Secret', namespace, name, owner: ownerOf(name) ?? '' });
    const slot = this.#users.slotOfUid(name.slice(PENDING_SECRET_PREFIX.length));
    return slot === undefined ? undefined : { at: 'pending Secret', slot, name };
  }

  #of({ at, namespace, name, owner }: Named): Write | undefined {
    return isOfSlot(owner) ? { at, slot: this.#places.slotOf({ namespace, name: owner }), name } : undefined;
  }
}

interface Named {
  readonly at: ClashPoint;
  readonly namespace: string;
  readonly name: string;
  /** The name of the object. */
  readonly owner: string;
}

/** Sites are let be: nobody may ever notice anything there. */
function isOfSlot(name: string): boolean {
  return name.startsWith('slot-');
}
