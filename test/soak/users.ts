import type { OriginCertificate } from '../../src/api/v1alpha1.ts';
import { KubeError } from '../../src/kube/errors.ts';
import { originCertificates } from '../../src/resources.ts';
import { Adoptions } from './adoptions.ts';
import { Hands } from './hands.ts';
import type { Journal } from './journal.ts';
import type { Stage } from './stage.ts';
import type { Step } from './steps.ts';
import { Traces } from './traces.ts';
import { certificateOf, hostnamesOf, secretNameOf, type Wish } from './wish.ts';
import { patch, writing } from './writing.ts';

/** The finalizer lets an object go after five minutes at the latest. */
const MAY_GO_MS = 6 * 60_000;

const LET_BE: ReadonlySet<KubeError['kind']> = new Set(['NotFound', 'Conflict', 'AlreadyExists']);

/** What they work on. */
type Peopled = Pick<Stage, 'kube' | 'places' | 'sites' | 'apply' | 'renewSite'> & {
  readonly simulator: Pick<Stage['simulator'], 'sign' | 'revoke'>;
};

/** People: what they want of the operator, and what they do to its objects and Secrets. */
export class Users {
  /** What is wanted now, by slot. */
  readonly wishes = new Map<string, Wish>();
  /** Ids of certificates whose objects people deleted with `onDelete: Revoke`. */
  readonly leftToRevoke = new Set<string>();
  /** Slots that another key was ever asked for. */
  readonly rekeyed = new Set<string>();
  /** Slots that were ever to take over what strangers left. */
  readonly adopting = new Set<string>();
  /** Ids of what people revoked themselves. */
  readonly revoked = new Set<string>();
  readonly traces = new Traces();
  readonly adoptions = new Adoptions();
  /** When people last deleted an object whose Secret is to go with it; `performance.now()`, by slot. */
  readonly #deletedWithSecret = new Map<string, number>();
  readonly #touchedMs = new Map<string, number>();
  /** Slots by the uids of all objects that people made. */
  readonly #slots = new Map<string, string>();
  readonly #stage: Peopled;
  readonly #journal: Journal;
  readonly #hands: Hands;

  constructor(stage: Peopled, journal: Journal) {
    this.#stage = stage;
    this.#journal = journal;
    this.#hands = new Hands(stage, this.traces, this.adoptions);
  }

  /** Whether the Secret of that object may go because people deleted the object not long ago. */
  mayGo(slot: string): boolean {
    return performance.now() - (this.#deletedWithSecret.get(slot) ?? Number.NEGATIVE_INFINITY) < MAY_GO_MS;
  }

  /** When people last did something to that object or its Secret; `performance.now()`. */
  touchedMs(slot: string): number {
    return this.#touchedMs.get(slot) ?? Number.NEGATIVE_INFINITY;
  }

  /** The slot of an object that people made; undefined for sites, which are let be, and for what is not known yet. */
  slotOfUid(uid: string): string | undefined {
    return this.#slots.get(uid);
  }

  /** Carries out a step of people; resolves to whether that changed anything: what is not there any more is let be. */
  async run(step: Step): Promise<boolean> {
    this.adoptions.before(step);
    let isDone = false;
    await this.traces.work(async () => {
      try {
        isDone = await this.#run(step);
      } catch (error) {
        if (!(error instanceof KubeError)) throw error;
        if (!LET_BE.has(error.kind)) this.#journal.failedLook(error.message);
      }
    });
    if ('slot' in step) this.#touchedMs.set(step.slot, performance.now());
    return isDone;
  }

  /** Resolves to whether it changed anything. */
  async #run(step: Step): Promise<boolean> {
    switch (step.kind) {
      case 'apply':
        await this.wish(step.slot, step.wish);
        return true;
      case 'adopt':
        return this.#adopt(step);
      case 'delete':
        return this.#deleteCertificate(step.slot);
      case 'strip status':
        return this.#stripStatus(step.slot);
      case 'delete pending':
        return this.#hands.deletePending(step.slot);
      case 'revoke':
        return this.#revoke(step.slot);
      case 'mark':
        return this.#hands.mark(step.slot);
      case 'damage':
        return this.#hands.damage(step);
      case 'renew site':
        await this.#renewSite(step.site, step.request);
        return true;
      default:
        throw new Error(`${step.kind} is not for people`);
    }
  }

  async wish(slot: string, wish: Wish): Promise<void> {
    await this.#apply(slot, wish);
  }

  /** What the wish allows is known before the operator may act on it; that it is wanted, only once that was said. */
  async #apply(slot: string, wish: Wish): Promise<OriginCertificate> {
    this.adoptions.wished(slot, this.wishes.get(slot), wish);
    if (wish.rekey > 0) this.rekeyed.add(slot);
    if (wish.adopts) this.adopting.add(slot);
    const object = certificateOf(this.#stage.places, slot, wish);
    const applied = await this.#stage.apply(originCertificates, object);
    this.wishes.set(slot, wish);
    this.#slots.set(applied.metadata.uid ?? '', slot);
    return applied;
  }

  /**
   * First the pair, then the object; one of that name that still leaves takes the new one with it, and one whose delete
   * failed may have asked for a certificate already.
   */
  async #adopt({ slot, wish, pair }: Extract<Step, { kind: 'adopt' }>): Promise<boolean> {
    const isNew = !this.wishes.has(slot);
    await this.#hands.putPair(slot, secretNameOf(slot, wish), {
      ...pair,
      hostnames: hostnamesOf(slot, pair),
    });
    const { metadata } = await this.#apply(slot, wish);
    if (isNew && pair.names === wish.names && metadata.deletionTimestamp === undefined)
      this.adoptions.tookOver(slot, metadata.uid);
    return true;
  }

  /** That it is wanted no more is known only once it is known to go: while it is still there, it is to be kept. */
  async #deleteCertificate(slot: string): Promise<boolean> {
    const { kube, places } = this.#stage;
    const found = await kube.get(originCertificates, places.refOf(slot), writing());
    const isDeleted = found !== undefined && (await this.#deleteSeen(slot, found));
    this.wishes.delete(slot);
    return isDeleted;
  }

  /** What that allows is known before the operator may see it. */
  async #deleteSeen(slot: string, { metadata: { uid }, status }: OriginCertificate): Promise<boolean> {
    const { kube, places } = this.#stage;
    const wish = this.wishes.get(slot);
    const id = status?.certificate?.id;
    if (wish?.onDelete === 'Revoke' && id !== undefined) this.leftToRevoke.add(id);
    if (wish !== undefined && wish.onDelete !== 'Retain')
      this.#deletedWithSecret.set(slot, performance.now());
    this.traces.noteDeleted(uid);
    return (await kube.delete(originCertificates, places.refOf(slot), { ...writing(), uid })) === 'deleted';
  }

  /** As after a restore from a backup, which brings no status. */
  async #stripStatus(slot: string): Promise<boolean> {
    const { kube, places } = this.#stage;
    const status = { conditions: null, certificate: null, superseded: null, issued: null, failure: null };
    return patch(kube, this.traces, originCertificates, places.refOf(slot), { status }, 'status');
  }

  /** The certificate in use, in Cloudflare's dashboard: the operator has to notice. */
  async #revoke(slot: string): Promise<boolean> {
    const { kube, places, simulator } = this.#stage;
    const certificate = await kube.get(originCertificates, places.refOf(slot), writing());
    const id = certificate?.status?.certificate?.id;
    if (id === undefined || this.revoked.has(id)) return false;
    this.revoked.add(id);
    await simulator.revoke(id);
    return true;
  }

  async #renewSite(index: number, request: number): Promise<void> {
    const site = this.#stage.sites[index];
    if (site !== undefined) await this.#stage.renewSite(site, request);
  }
}
