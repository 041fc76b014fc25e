import { PENDING_SECRET_PREFIX } from '../../src/api/names.ts';
import type { Gate, Passage } from '../proxy/gate.ts';
import type { Journal } from './journal.ts';
import type { Places } from './places.ts';
import type { Clash, ClashPoint, Step } from './steps.ts';
import type { Users } from './users.ts';
import { ownerOf } from './wish.ts';

/** What the operator is about to write. */
interface Write {
  readonly at: ClashPoint;
  readonly namespace: string;
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
  readonly #users: Users;
  readonly #journal: Journal;
  /** Writes of the operator that somebody came before. */
  hits = 0;

  constructor(places: Places, users: Users, journal: Journal) {
    this.#places = places;
    this.#users = users;
    this.#journal = journal;
  }

  lieInWait(clash: Clash): void {
    this.#waiting = [...this.#waiting, clash];
  }

  /** Nobody comes in between any more. */
  end(): void {
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
    if (left > 0) this.#waiting = [{ ...clash, count: left }, ...this.#waiting];
    if (!isHit) return;
    this.hits += 1;
    this.#journal.note(`somebody came before a write of ${write.namespace}/${write.name}: ${clash.how}`);
  }

  #deedOf({ namespace, name }: Write, { at, how }: Clash): Step {
    if (at === 'object') {
      const slot = this.#places.slotOf({ namespace, name });
      return how === 'strip status' ? { kind: 'strip status', slot } : { kind: 'mark', slot };
    }
    const slot = this.#places.slotOf({ namespace, name: ownerOf(name) });
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
    if (object !== undefined) return isOfSlot(name) ? { at: 'object', namespace, name } : undefined;
    if (name.startsWith(PENDING_SECRET_PREFIX)) return { at: 'pending Secret', namespace, name };
    return isOfSlot(ownerOf(name) ?? '') ? { at: 'Secret', namespace, name } : undefined;
  }
}

/** Sites are let be: nobody may ever notice anything there. */
function isOfSlot(name: string): boolean {
  return name.startsWith('slot-');
}
