import { ANNOTATION, MANAGED_LABEL, PENDING_SECRET_PREFIX } from '../../src/api/names.ts';
import { secrets } from '../../src/kube/resource.ts';
import { originCertificates } from '../../src/resources.ts';
import { encode } from '../../src/secret-facts.ts';
import { fakeCertificate } from '../demo/fake-certificate.ts';
import type { Stage } from './stage.ts';
import type { Damage, Step } from './steps.ts';
import type { Traces } from './traces.ts';
import { writing } from './writing.ts';

type Damaging = Extract<Step, { readonly kind: 'damage' }>;

/** What people do to Secrets that are not theirs to touch. */
export class Hands {
  readonly #stage: Stage;
  readonly #traces: Traces;

  constructor(stage: Stage, traces: Traces) {
    this.#stage = stage;
    this.#traces = traces;
  }

  async damage({ slot, secret: name, how, other }: Damaging): Promise<void> {
    if (how === 'delete') return this.#delete(slot, name);
    const patch = await this.#patchOf(how, slot, other);
    if (patch === undefined) return;
    const { kube, places } = this.#stage;
    const after = await kube.mergePatch(secrets, places.refOf(slot, name), patch, writing());
    this.#traces.noteMade(after.metadata);
  }

  async deletePending(slot: string): Promise<void> {
    const { kube, places } = this.#stage;
    const certificate = await kube.get(originCertificates, places.refOf(slot), writing());
    if (certificate === undefined) return;
    await this.#delete(slot, `${PENDING_SECRET_PREFIX}${certificate.metadata.uid}`);
  }

  async #delete(slot: string, name: string): Promise<void> {
    const { kube, places } = this.#stage;
    const ref = places.refOf(slot, name);
    const found = await kube.get(secrets, ref, writing());
    const uid = found?.metadata.uid;
    if (uid === undefined) return;
    this.#traces.noteDeleted(uid);
    await kube.delete(secrets, ref, { ...writing(), uid });
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
      case 'add a label of their own':
        return { metadata: { labels: { 'example.com/mine': 'yes' } } };
    }
  }
}
