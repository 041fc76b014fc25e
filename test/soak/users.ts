import { ANNOTATION, MANAGED_LABEL } from '../../src/api/names.ts';
import { KubeError } from '../../src/kube/errors.ts';
import type { KubeObject, Secret } from '../../src/kube/object.ts';
import type { Change } from '../../src/kube/reflector.ts';
import { secrets } from '../../src/kube/resource.ts';
import { originCertificates } from '../../src/resources.ts';
import { fakeCertificate } from '../demo/fake-certificate.ts';
import type { Journal } from './journal.ts';
import { type Stage, writing } from './stage.ts';
import type { Damage, Step } from './steps.ts';
import { certificateOf, type Wish } from './wish.ts';

/** The finalizer lets an object go after five minutes at the latest. */
const MAY_GO_MS = 6 * 60_000;

type Damaging = Extract<Step, { readonly kind: 'damage' }>;

/**
 * People: what they want of the operator, and what they do to its Secrets. They work one after the other, so that it
 * is always known which state of a Secret is their doing.
 */
export class Users {
  /** What is wanted now, by slot. */
  readonly wishes = new Map<string, Wish>();
  /** Ids of certificates whose objects people deleted with `onDelete: Revoke`. */
  readonly leftToRevoke = new Set<string>();
  /** Slots that another key was ever asked for. */
  readonly rekeyed = new Set<string>();
  /** Ids of what people revoked themselves. */
  readonly revoked = new Set<string>();
  /** The resourceVersions that people made, by uid. */
  readonly #made = new Map<string, readonly number[]>();
  /** uids of what people deleted. */
  readonly #deleted = new Set<string>();
  /** When people last deleted an object whose Secret is to go with it; `performance.now()`, by slot. */
  readonly #deletedWithSecret = new Map<string, number>();
  readonly #touchedMs = new Map<string, number>();
  readonly #stage: Stage;
  readonly #journal: Journal;
  #working: Promise<void> = Promise.resolve();

  constructor(stage: Stage, journal: Journal) {
    this.#stage = stage;
    this.#journal = journal;
  }

  /**
   * Whether people had a hand in what an object came to be; asked once they have ended what they do now. A watch that
   * was cut off sees only what came of several changes, some of them theirs.
   */
  async made({ current, previous }: Change<KubeObject>): Promise<boolean> {
    await this.#working;
    const before = Number(previous?.metadata.resourceVersion ?? 0);
    const now = Number(current?.metadata.resourceVersion ?? 0);
    const theirs = this.#made.get(current?.metadata.uid ?? '') ?? [];
    return theirs.some((version) => before < version && version <= now);
  }

  /** Whether people deleted that object. */
  async deleted(uid: string): Promise<boolean> {
    await this.#working;
    return this.#deleted.has(uid);
  }

  /** Whether the Secret of that object may go because people deleted the object not long ago. */
  mayGo(slot: string): boolean {
    return performance.now() - (this.#deletedWithSecret.get(slot) ?? Number.NEGATIVE_INFINITY) < MAY_GO_MS;
  }

  /** When people last did something to that object or its Secret; `performance.now()`. */
  touchedMs(slot: string): number {
    return this.#touchedMs.get(slot) ?? Number.NEGATIVE_INFINITY;
  }

  /** Carries out a step of people; what is not there any more is let be. */
  async run(step: Step): Promise<void> {
    this.#working = this.#run(step).catch((error: unknown) => {
      if (!(error instanceof KubeError)) throw error;
      if (error.kind !== 'NotFound' && error.kind !== 'Conflict') this.#journal.failedLook(error.message);
    });
    await this.#working;
    if ('slot' in step) this.#touchedMs.set(step.slot, performance.now());
  }

  async #run(step: Step): Promise<void> {
    switch (step.kind) {
      case 'apply':
        return this.wish(step.slot, step.wish);
      case 'delete':
        return this.#deleteCertificate(step.slot);
      case 'strip status':
        return this.#stripStatus(step.slot);
      case 'delete pending':
        return this.#deletePending(step.slot);
      case 'revoke':
        return this.#revoke(step.slot);
      case 'damage':
        return this.#damage(step);
      case 'renew site':
        return this.#withSite(step.site, (site) => this.#stage.renewSite(site, step.request));
      default:
        throw new Error(`${step.kind} is not for people`);
    }
  }

  async wish(slot: string, wish: Wish): Promise<void> {
    this.wishes.set(slot, wish);
    if (wish.rekey > 0) this.rekeyed.add(slot);
    await this.#stage.apply(originCertificates, certificateOf(this.#stage.namespace, slot, wish));
  }

  async #deleteCertificate(slot: string): Promise<void> {
    const ref = this.#ref(slot);
    const { kube } = this.#stage;
    const found = await kube.get(originCertificates, ref, writing());
    const wish = this.wishes.get(slot);
    this.wishes.delete(slot);
    if (found === undefined) return;
    const id = found.status?.certificate?.id;
    if (wish?.onDelete === 'Revoke' && id !== undefined) this.leftToRevoke.add(id);
    if (wish !== undefined && wish.onDelete !== 'Retain')
      this.#deletedWithSecret.set(slot, performance.now());
    this.#deleted.add(found.metadata.uid);
    await kube.delete(originCertificates, ref, { ...writing(), uid: found.metadata.uid });
  }

  /** As after a restore from a backup, which brings no status. */
  async #stripStatus(slot: string): Promise<void> {
    const options = { ...writing(), subresource: 'status' as const };
    const status = { conditions: null, certificate: null, superseded: null, issued: null, failure: null };
    const after = await this.#stage.kube.mergePatch(originCertificates, this.#ref(slot), { status }, options);
    this.#note(after.metadata);
  }

  /** The certificate in use, in Cloudflare's dashboard: the operator has to notice. */
  async #revoke(slot: string): Promise<void> {
    const certificate = await this.#stage.kube.get(originCertificates, this.#ref(slot), writing());
    const id = certificate?.status?.certificate?.id;
    if (id === undefined) return;
    this.revoked.add(id);
    await this.#stage.simulator.revoke(id);
  }

  async #deletePending(slot: string): Promise<void> {
    const { kube } = this.#stage;
    const certificate = await kube.get(originCertificates, this.#ref(slot), writing());
    if (certificate === undefined) return;
    await this.#deleteSecret(`originca-pending-${certificate.metadata.uid}`);
  }

  async #damage({ secret: name, how, other }: Damaging): Promise<void> {
    if (how === 'delete') return this.#deleteSecret(name);
    const patch = await this.#patchOf(how, other);
    if (patch === undefined) return;
    const after = await this.#stage.kube.mergePatch(secrets, this.#ref(name), patch, writing());
    this.#note(after.metadata);
  }

  async #deleteSecret(name: string): Promise<void> {
    const { kube } = this.#stage;
    const found = await kube.get(secrets, this.#ref(name), writing());
    const uid = found?.metadata.uid;
    if (uid === undefined) return;
    this.#deleted.add(uid);
    await kube.delete(secrets, this.#ref(name), { ...writing(), uid });
  }

  async #patchOf(how: Exclude<Damage, 'delete'>, other: string): Promise<object | undefined> {
    switch (how) {
      case 'empty the key':
        return { data: { 'tls.key': '' } };
      case 'garble the certificate':
        return { data: { 'tls.crt': base64('not a certificate') } };
      case 'overwrite with a pair of their own': {
        const { cert, key } = await fakeCertificate();
        return { data: { 'tls.crt': base64(cert), 'tls.key': base64(key) } };
      }
      case 'overwrite with the pair of another Secret': {
        const found: Secret | undefined = await this.#stage.kube.get(secrets, this.#ref(other), writing());
        const { 'tls.crt': cert, 'tls.key': key } = found?.data ?? {};
        return cert !== undefined && key !== undefined
          ? { data: { 'tls.crt': cert, 'tls.key': key } }
          : undefined;
      }
      case 'strip the label':
        return { metadata: { labels: { [MANAGED_LABEL]: null } } };
      case 'strip the notes': {
        const { certificate: _, ...others } = ANNOTATION;
        return {
          metadata: { annotations: Object.fromEntries(Object.values(others).map((note) => [note, null])) },
        };
      }
      case 'add a label of their own':
        return { metadata: { labels: { 'example.com/mine': 'yes' } } };
    }
  }

  async #withSite(index: number, work: (site: Stage['sites'][number]) => Promise<void>): Promise<void> {
    const site = this.#stage.sites[index];
    if (site !== undefined) await work(site);
  }

  #note({ uid, resourceVersion }: { readonly uid?: string; readonly resourceVersion?: string }): void {
    const known = this.#made.get(uid ?? '') ?? [];
    this.#made.set(uid ?? '', [...known, Number(resourceVersion ?? 0)]);
  }

  #ref(name: string): { name: string; namespace: string } {
    return { name, namespace: this.#stage.namespace };
  }
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
