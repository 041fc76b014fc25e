import { isSamePair, type Wish } from './wish.ts';
import type { Damage, Step } from './steps.ts';

/** What people have taken over, and what they had made for that. */
export class Adoptions {
  /** Ids of the certificates that people had made by hand: nobody else may revoke them. */
  readonly byHand = new Set<string>();
  /** uids of objects that took over a pair that serves them, by slot, until somebody asks for another. */
  readonly #uids = new Map<string, string>();

  tookOver(slot: string, uid: string): void {
    this.#uids.set(slot, uid);
  }

  /** To be told of each step before it is taken. */
  before(step: Step): void {
    if ('slot' in step && !isHarmless(step)) this.#uids.delete(step.slot);
  }

  /** To be told of each wish before it is known to the operator. */
  wished(slot: string, before: Wish | undefined, now: Wish): void {
    if (before === undefined || !isSamePair(before, now)) this.#uids.delete(slot);
  }

  /** Whether that object has what it needs in what it took over. */
  suffices(uid: string): boolean {
    return [...this.#uids.values()].includes(uid);
  }
}

const HARMLESS: readonly Step['kind'][] = ['apply', 'strip status', 'delete pending', 'mark'];
const HARMLESS_DAMAGES: readonly string[] = [
  'strip the label',
  'overwrite our fields',
  'add fields of their own',
  'come first', // It makes what was not there, or nothing.
] satisfies readonly (Damage | 'come first')[];

/** Whether it leaves an adopted pair as good as it was; what a wish changes shows the wish. */
function isHarmless(step: Step): boolean {
  if (step.kind === 'damage') return HARMLESS_DAMAGES.includes(step.how);
  return HARMLESS.includes(step.kind);
}
