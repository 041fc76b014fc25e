import type { OriginCertificate, OriginIssuer } from '../../src/api/v1alpha1.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import type { Secret } from '../../src/kube/object.ts';
import { secrets } from '../../src/kube/resource.ts';
import { originCertificates, originIssuers } from '../../src/resources.ts';
import type { Simulator } from '../simulator/client.ts';
import type { CertificateView } from '../simulator/protocol.ts';
import { NotYet, waitFor } from './wait.ts';

const SIGNAL_MS = 15_000;
const signal = (): AbortSignal => AbortSignal.timeout(SIGNAL_MS);

/** What people do and see in the namespace of a scene, and what they see at its Cloudflare. */
export class SceneObjects {
  readonly namespace: string;
  readonly simulator: Simulator;
  /** A cluster administrator. */
  readonly kube: KubeClient;
  readonly token: { readonly id: string; readonly value: string };

  protected constructor(parts: Pick<SceneObjects, 'namespace' | 'simulator' | 'kube' | 'token'>) {
    this.namespace = parts.namespace;
    this.simulator = parts.simulator;
    this.kube = parts.kube;
    this.token = parts.token;
  }

  /** An OriginIssuer `cloudflare` with the scene's token in Secret `cloudflare`. */
  async createIssuer(spec: Partial<OriginIssuer['spec']> = {}, name = 'cloudflare'): Promise<void> {
    await this.putToken(this.token.value, name);
    await this.apply(originIssuers, {
      metadata: { name, namespace: this.namespace },
      spec: { apiTokenSecretRef: { name }, ...spec },
    });
  }

  async putToken(value: string, name = 'cloudflare'): Promise<void> {
    const data = { 'api-token': Buffer.from(value).toString('base64') };
    await this.kube.apply(
      secrets,
      { metadata: { name, namespace: this.namespace }, data } satisfies Secret,
      write(),
    );
  }

  /** Creates or changes an OriginCertificate as `kubectl apply` would: what is left out is removed. */
  async applyCertificate(
    name: string,
    spec: Partial<OriginCertificate['spec']> = {},
    annotations: Readonly<Record<string, string>> = {},
  ): Promise<OriginCertificate> {
    const applied = await this.apply(originCertificates, {
      metadata: { name, namespace: this.namespace, annotations },
      spec: {
        secretName: `${name}-tls`,
        hostnames: ['example.com'],
        issuerRef: { name: 'cloudflare' },
        ...spec,
      },
    });
    return applied as OriginCertificate;
  }

  async certificate(name: string): Promise<OriginCertificate | undefined> {
    return this.kube.get(originCertificates, { name, namespace: this.namespace }, { signal: signal() });
  }

  async secret(name: string): Promise<Secret | undefined> {
    return this.kube.get(secrets, { name, namespace: this.namespace }, { signal: signal() });
  }

  /** Changes a Secret as somebody else would: a JSON merge patch. */
  async patchSecret(name: string, patch: object): Promise<Secret> {
    return this.kube.mergePatch(secrets, { name, namespace: this.namespace }, patch, write());
  }

  async createSecret(secret: Secret): Promise<Secret> {
    const metadata = { ...secret.metadata, namespace: this.namespace };
    return this.kube.create(secrets, { ...secret, metadata }, write());
  }

  async deleteSecret(name: string): Promise<void> {
    await this.kube.delete(secrets, { name, namespace: this.namespace }, write());
  }

  async deleteCertificate(name: string): Promise<void> {
    await this.kube.delete(originCertificates, { name, namespace: this.namespace }, write());
  }

  /** Pending Secrets of the namespace. */
  async pendings(): Promise<Secret[]> {
    const all = await this.kube.listAll(secrets, { namespace: this.namespace, signal: signal() });
    return all.filter(({ type }) => type === 'originca.dev/pending');
  }

  /** Certificates at Cloudflare that are not revoked. */
  async issued(): Promise<readonly CertificateView[]> {
    return (await this.simulator.certificates()).filter(({ revokedAt }) => revokedAt === undefined);
  }

  /** How many POSTs for a certificate reached Cloudflare. */
  async posts(): Promise<number> {
    return (await this.simulator.requests({ operation: 'createCertificate' })).length;
  }

  /** Waits until the condition of that type has the reason (and the status, if given) for the present generation. */
  async condition(name: string, type: string, reason: string, status?: string): Promise<OriginCertificate> {
    const what = `${type} ${reason} on OriginCertificate ${name}`;
    return waitFor(
      what,
      async () => {
        const certificate = await this.certificate(name);
        const found = certificate?.status?.conditions?.find((condition) => condition.type === type);
        const isCurrent = found?.observedGeneration === certificate?.metadata.generation;
        const fits = found?.reason === reason && (status === undefined || found.status === status);
        return fits && isCurrent ? certificate : new NotYet(certificate?.status ?? 'no status');
      },
      { timeoutMs: SIGNAL_MS },
    ) as Promise<OriginCertificate>;
  }

  /** Waits until it is Ready and no issuance is under way any more. */
  async settled(name: string): Promise<OriginCertificate> {
    await this.condition(name, 'Ready', 'Issued', 'True');
    await waitFor(
      'no pending Secret',
      async () => {
        const left = await this.pendings();
        return left.length === 0 || new NotYet(left.map(({ metadata }) => metadata.annotations));
      },
      { timeoutMs: SIGNAL_MS },
    );
    return this.condition(name, 'Ready', 'Issued', 'True');
  }

  /** Server-side apply as a person. */
  async apply(resource: Parameters<KubeClient['apply']>[0], body: object): Promise<object> {
    return this.kube.apply(resource, body as never, write());
  }
}

/** How a person writes. */
export function write(): { signal: AbortSignal; fieldManager: string; force: boolean } {
  return { signal: signal(), fieldManager: 'test', force: true };
}
