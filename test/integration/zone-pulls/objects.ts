import { ORIGIN_PULL_SECRET_SUFFIX } from '../../../src/api/names.ts';
import type { OriginZone } from '../../../src/api/v1alpha1.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import type { Secret } from '../../../src/kube/object.ts';
import { events, secrets } from '../../../src/kube/resource.ts';
import type { PemPair } from '../../../src/pki/authority.ts';
import { originZones } from '../../../src/resources.ts';
import { decode, encode } from '../../../src/secret-facts.ts';
import { SCENE_LABEL } from '../../support/scene-label.ts';
import { OPERATOR_NAMESPACE } from './pass.ts';

type Pulls = OriginZone['spec']['authenticatedOriginPulls'];

/** The objects of one stage in the cluster, seen and changed as a person would. */
export class StageObjects implements AsyncDisposable {
  readonly #admin: KubeClient;
  /** Of the OriginZone and of the namespace for what is published. */
  readonly #name: string;
  /** Names of Secrets that this test has put into the operator's namespace. */
  readonly #givenCas = new Set<string>();

  constructor(admin: KubeClient, name: string) {
    this.#admin = admin;
    this.#name = name;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#admin.delete(originZones, { name: this.#name }, this.#write());
    for (const name of [this.#secretRef.name, ...this.#givenCas])
      await this.#admin.delete(secrets, { name, namespace: OPERATOR_NAMESPACE }, this.#write());
  }

  /** Creates or changes the OriginZone as `kubectl apply` would. */
  async apply(pulls: Partial<Pulls>): Promise<void> {
    const body = {
      metadata: { name: this.#name, labels: { [SCENE_LABEL]: this.#name } },
      spec: {
        zoneName: 'example.com',
        apiTokenSecretRef: { name: 'unused' },
        mode: 'Enforce',
        authenticatedOriginPulls: pulls,
      },
    };
    await this.#admin.apply(originZones, body as never, this.#write());
  }

  async zone(): Promise<OriginZone> {
    const zone = await this.#admin.get(originZones, { name: this.#name }, this.#write());
    if (zone === undefined) throw new Error('the OriginZone is gone');
    return zone;
  }

  /** The Secret of the CA and the client certificate. */
  secret(): Promise<Secret | undefined> {
    return this.#admin.get(secrets, this.#secretRef, this.#write());
  }

  async patchSecret(patch: object): Promise<void> {
    await this.#admin.mergePatch(secrets, this.#secretRef, patch, this.#write());
  }

  /** Puts a CA into a Secret for caSecretRef. */
  async putCa(name: string, ca: PemPair): Promise<void> {
    const data = { 'tls.crt': encode(ca.certificate), 'tls.key': encode(ca.privateKey) };
    const metadata = { name, namespace: OPERATOR_NAMESPACE };
    this.#givenCas.add(name);
    await this.#admin.apply(secrets, { metadata, data }, this.#write());
  }

  /** ca.crt of a published Secret. */
  async published(name: string): Promise<string | undefined> {
    const ref = { name, namespace: this.#name };
    const secret = await this.#admin.get(secrets, ref, this.#write());
    return decode(secret?.data?.['ca.crt']);
  }

  /** Notes of the events on the OriginZone, behind their reasons. */
  async events(): Promise<readonly string[]> {
    const all = await this.#admin.listAll(events, { namespace: 'default', signal: this.#write().signal });
    const own = all.filter(
      ({ regarding }) => regarding.kind === 'OriginZone' && regarding.name === this.#name,
    );
    return own.map(({ reason, note }) => `${reason}: ${note}`);
  }

  get #secretRef(): { name: string; namespace: string } {
    return { name: `${this.#name}${ORIGIN_PULL_SECRET_SUFFIX}`, namespace: OPERATOR_NAMESPACE };
  }

  #write(): { signal: AbortSignal; fieldManager: string; force: boolean } {
    return { signal: AbortSignal.timeout(10_000), fieldManager: 'test', force: true };
  }
}
