import type { OriginCertificate } from '../../src/api/v1alpha1.ts';
import type { Secret } from '../../src/kube/object.ts';
import { secrets } from '../../src/kube/resource.ts';
import { originCertificates, originIssuers } from '../../src/resources.ts';
import type { CertificateView } from '../simulator/protocol.ts';
import { waitFor } from '../support/wait.ts';
import { type Lane, ZONES } from './lane.ts';
import { pairOf } from './reader.ts';
import type { Variant } from './variant.ts';

const write = () => ({ signal: AbortSignal.timeout(60_000), fieldManager: 'test', force: true });

/** What one run of a flow works with: objects whose names begin with the run's, in the namespace of its lane. */
export class Ground {
  readonly lane: Lane;
  /** Of this run alone: of its OriginCertificate, and the beginning of all other names. */
  readonly name: string;
  readonly variant: Variant;

  constructor(lane: Lane, name: string, variant: Variant) {
    this.lane = lane;
    this.name = name;
    this.variant = variant;
  }

  get secretName(): string {
    return `${this.name}-tls`;
  }

  /** One in each zone of the variant, with something before the run's name if that is wanted. */
  hostnames(prefix = ''): readonly string[] {
    return ZONES.slice(0, this.variant.zones).map((zone) => `${prefix}${this.name}.${zone}`);
  }

  /** Creates or changes the OriginCertificate as `kubectl apply` would. */
  async applyCertificate(
    spec: Partial<OriginCertificate['spec']> = {},
    annotations: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const { name, lane } = this;
    const certificate = {
      metadata: { name, namespace: lane.namespace, annotations },
      spec: {
        secretName: this.secretName,
        hostnames: [...this.hostnames()],
        issuerRef: { name: 'cloudflare' },
        ...spec,
      },
    };
    await lane.ring.kube.apply(originCertificates, certificate as unknown as OriginCertificate, write());
  }

  async deleteCertificate(): Promise<void> {
    const { name, lane } = this;
    await lane.ring.kube.delete(originCertificates, { name, namespace: lane.namespace }, write());
  }

  createIssuer(name: string): Promise<void> {
    return this.lane.createIssuer(name);
  }

  async deleteIssuer(name: string): Promise<void> {
    const { namespace, ring } = this.lane;
    await ring.kube.delete(originIssuers, { name, namespace }, write());
    await ring.kube.delete(secrets, { name: `token-${name}`, namespace }, write());
  }

  async certificate(): Promise<OriginCertificate | undefined> {
    const { name, lane } = this;
    return lane.ring.kube.get(originCertificates, { name, namespace: lane.namespace }, write());
  }

  async secret(name = this.secretName, namespace = this.lane.namespace): Promise<Secret | undefined> {
    return this.lane.ring.kube.get(secrets, { name, namespace }, write());
  }

  /** Names of the pending Secrets of the namespace. */
  async pendings(): Promise<readonly string[]> {
    const { namespace, ring } = this.lane;
    const all = await ring.kube.listAll(secrets, { namespace, signal: AbortSignal.timeout(60_000) });
    return all
      .filter(({ type }) => type === 'originca.dev/pending')
      .map(({ metadata }) => metadata.name ?? '');
  }

  /** What Cloudflare ever issued for this run, oldest first. */
  async issued(): Promise<readonly CertificateView[]> {
    const all = await this.lane.simulator.certificates();
    return all.filter(({ hostnames }) => hostnames.some((hostname) => hostname.includes(`${this.name}.`)));
  }

  /** Notes it where a certificate is about to be revoked that a Secret holds at this moment. */
  async revoking(id: string): Promise<void> {
    const { namespace, ring, reader } = this.lane;
    for (const secret of await ring.kube.listAll(secrets, { namespace, signal: write().signal })) {
      const pair = secret.type === 'kubernetes.io/tls' ? pairOf(secret) : undefined;
      if (pair?.state === 'Matching' && pair.certificate.id === id)
        reader.breaches.push(
          `Secret ${namespace}/${secret.metadata.name ?? ''} serves ${id}, which is revoked`,
        );
    }
  }

  /** Deletes what the run has made in the cluster. */
  async clear(): Promise<void> {
    const { namespace, ring } = this.lane;
    if ((await this.certificate()) !== undefined) await this.deleteCertificate();
    await waitFor(
      `OriginCertificate ${this.name} to be gone`,
      async () => (await this.certificate()) === undefined && (await this.pendings()).length === 0,
      { timeoutMs: 60_000 },
    );
    for (const { metadata } of await ring.kube.listAll(secrets, { namespace, signal: write().signal })) {
      const name = metadata.name ?? '';
      if (name.startsWith(`${this.name}-`)) await ring.kube.delete(secrets, { name, namespace }, write());
    }
  }
}
