import { ANNOTATION, MANAGED_LABEL, PENDING_SECRET_PREFIX } from '../../src/api/names.ts';
import { secrets } from '../../src/kube/resource.ts';
import { createCsr } from '../../src/pki/csr.ts';
import { DEFAULT_KEY, generateKey, type KeySpec } from '../../src/pki/keys.ts';
import { originCertificates } from '../../src/resources.ts';
import { encode } from '../../src/secret-facts.ts';
import { fakeCertificate } from '../demo/fake-certificate.ts';
import type { Adoptions } from './adoptions.ts';
import { marks, OWN_MARKS, secretMarks } from './marks.ts';
import type { Stage } from './stage.ts';
import type { Damage, PairByHand, Step } from './steps.ts';
import type { Traces } from './traces.ts';
import { TEMPLATE_LABEL } from './wish.ts';
import { patch, writing } from './writing.ts';

type Damaging = Extract<Step, { readonly kind: 'damage' }>;

/** Fifteen of them, as Cloudflare's dashboard offers first. */
const YEARS_MS = 5475 * 24 * 3_600_000;

/** What their Secrets are found in, and who signs for them. */
type Handled = Pick<Stage, 'kube' | 'places'> & { readonly simulator: Pick<Stage['simulator'], 'sign'> };

/** What people do to Secrets that are not theirs to touch. */
export class Hands {
  readonly #stage: Handled;
  readonly #traces: Traces;
  readonly #adoptions: Adoptions;
  /** How often fields of somebody else were written. */
  #marked = 0;

  constructor(stage: Handled, traces: Traces, adoptions: Adoptions) {
    this.#adoptions = adoptions;
    this.#stage = stage;
    this.#traces = traces;
  }

  /** Resolves to whether it changed anything, as all of these do. */
  async damage({ slot, secret: name, how, other }: Damaging): Promise<boolean> {
    if (how === 'come first') return this.#comeFirst(slot, name);
    if (how === 'delete') return this.#delete(slot, name);
    const body = await this.#patchOf(how, slot, other);
    if (body === undefined) return false;
    const { kube, places } = this.#stage;
    return patch(kube, this.#traces, secrets, places.refOf(slot, name), body);
  }

  /** The object gets fields that are nobody's business. */
  async mark(slot: string): Promise<boolean> {
    const { kube, places } = this.#stage;
    return patch(kube, this.#traces, originCertificates, places.refOf(slot), this.#marks(marks));
  }

  async deletePending(slot: string): Promise<boolean> {
    const { kube, places } = this.#stage;
    const certificate = await kube.get(originCertificates, places.refOf(slot), writing());
    if (certificate === undefined) return false;
    return this.#delete(slot, `${PENDING_SECRET_PREFIX}${certificate.metadata.uid}`);
  }

  /** A Secret with a pair that Cloudflare signed for them, in place of what bore its name. */
  async putPair(
    slot: string,
    name: string,
    { type, algorithm, hostnames }: PairByHand & { readonly hostnames: readonly string[] },
  ): Promise<void> {
    const { kube, places, simulator } = this.#stage;
    await this.#delete(slot, name);
    const spec: KeySpec = algorithm === 'RSA' ? { algorithm, size: 2048 } : DEFAULT_KEY;
    const { keys, privateKeyPem } = await generateKey(spec);
    const csr = await createCsr(keys, spec, hostnames);
    const requestType = algorithm === 'RSA' ? 'origin-rsa' : 'origin-ecc';
    const notAfter = new Date(Date.now() + YEARS_MS).toISOString();
    const { id, certificate } = await simulator.sign({ requestType, hostnames, csr, notAfter });
    this.#adoptions.byHand.add(id);
    const data = { 'tls.crt': encode(certificate), 'tls.key': encode(privateKeyPem) };
    const made = await kube.create(secrets, { metadata: places.refOf(slot, name), type, data }, writing());
    this.#traces.noteMade(made.metadata);
  }

  /** A Secret of somebody's own, where there is none yet. */
  async #comeFirst(slot: string, name: string): Promise<boolean> {
    const { kube, places } = this.#stage;
    const { cert, key } = await fakeCertificate();
    const metadata = { ...places.refOf(slot, name), ...OWN_MARKS };
    const data = { 'tls.crt': encode(cert), 'tls.key': encode(key) };
    const made = await kube.create(secrets, { metadata, type: 'kubernetes.io/tls', data }, writing());
    this.#traces.noteMade(made.metadata);
    return true;
  }

  #marks(make: (number: number) => object): object {
    this.#marked += 1;
    return make(this.#marked);
  }

  async #delete(slot: string, name: string): Promise<boolean> {
    const { kube, places } = this.#stage;
    const ref = places.refOf(slot, name);
    const found = await kube.get(secrets, ref, writing());
    const uid = found?.metadata.uid;
    if (uid === undefined) return false;
    this.#traces.noteDeleted(uid);
    return (await kube.delete(secrets, ref, { ...writing(), uid })) === 'deleted';
  }

  async #patchOf(how: Exclude<Damage, 'delete'>, slot: string, other: string): Promise<object | undefined> {
    switch (how) {
      case 'empty the key':
        return { data: { 'tls.key': '' } };
      case 'garble the certificate':
        return { data: { 'tls.crt': encode('not a certificate') } };
      case 'overwrite with a pair of their own': {
        const { cert, key } = await fakeCertificate();
        return { data: { 'tls.crt': encode(cert), 'tls.key': encode(key) } };
      }
      case 'overwrite with the pair of another Secret': {
        const { kube, places } = this.#stage;
        const found = await kube.get(secrets, places.refOf(slot, other), writing());
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
      case 'overwrite our fields':
        return {
          metadata: {
            labels: { [MANAGED_LABEL]: 'theirs', [TEMPLATE_LABEL]: 'theirs' },
            annotations: { [ANNOTATION.certificateId]: '1', [ANNOTATION.revision]: 'theirs' },
          },
        };
      case 'add fields of their own':
        return this.#marks(secretMarks);
    }
  }
}
