import { X509Certificate } from 'node:crypto';
import type { OriginZone } from '../../../../src/api/v1alpha1.ts';
import { CloudflareError } from '../../../../src/cloudflare/errors.ts';
import type { ClientCertificate, ZoneSetting } from '../../../../src/cloudflare/zone-results.ts';
import type { ZoneClient } from '../../../../src/cloudflare/zone-client.ts';
import type { KubeClient } from '../../../../src/kube/client.ts';
import { KubeError } from '../../../../src/kube/errors.ts';
import type { KubeObject, ObjectMeta, ObjectRef } from '../../../../src/kube/object.ts';
import type { PemPair } from '../../../../src/pki/authority.ts';
import type { Resource } from '../../../../src/kube/resource.ts';

/** Cloudflare's part of one zone's origin pulls, which counts what is asked of it. */
export class CountedCloudflare {
  readonly counts = { reads: 0, patches: 0, puts: 0, posts: 0, deletes: 0 };
  shared = false;
  enabled = false;
  certificates: ClientCertificate[] = [];
  /** Changes are acknowledged, and nothing comes of them. */
  deaf = false;
  /** What becomes of an upload. */
  deployment: ClientCertificate['status'] = 'active';
  /** Reading is refused. */
  refuses = false;

  /** Only what origin pulls ask. */
  readonly client = {
    tokenDigest: 'token',
    prepaid: (): unknown => this.client,
    getSetting: (_: string, id: string): Promise<ZoneSetting> =>
      this.#read({ id, value: this.shared ? 'on' : 'off', editable: true, modifiedOn: undefined }),
    getOriginPullSettings: () => this.#read({ enabled: this.enabled }),
    listClientCertificates: () => this.#read([...this.certificates]),
    patchSetting: (_: string, __: string, value: string) => {
      this.counts.patches += 1;
      if (!this.deaf) this.shared = value === 'on';
      return Promise.resolve();
    },
    putOriginPullSettings: (_: string, enabled: boolean) => {
      this.counts.puts += 1;
      if (!this.deaf) this.enabled = enabled;
      return Promise.resolve();
    },
    uploadClientCertificate: (_: string, { certificate }: { certificate: string }) => {
      this.counts.posts += 1;
      const leaf = new X509Certificate(certificate);
      this.certificates.push({
        id: `id-${this.counts.posts}`,
        certificate,
        fingerprintSHA256: leaf.fingerprint256,
        publicKeyDigest: undefined,
        status: this.deployment,
        notAfter: leaf.validToDate.getTime(),
        uploadedOn: undefined,
      });
      return Promise.resolve();
    },
    deleteClientCertificate: (_: string, id: string) => {
      this.counts.deletes += 1;
      if (!this.deaf) this.certificates = this.certificates.filter((each) => each.id !== id);
      return Promise.resolve('deleted');
    },
  } as unknown as ZoneClient;

  #read<T>(value: T): Promise<T> {
    this.counts.reads += 1;
    if (!this.refuses) return Promise.resolve(value);
    const operation = 'get_setting';
    return Promise.reject(
      new CloudflareError('It may not be read.', { kind: 'PermissionMissing', definite: true, operation }),
    );
  }
}

interface Stored extends KubeObject {
  readonly data?: Readonly<Record<string, string | null>>;
}

/** The API server as origin pulls use it: one OriginZone, and the objects that they make. */
export class CountedKube {
  zone!: Pick<OriginZone, 'metadata'> & {
    readonly spec: Pick<OriginZone['spec'], 'authenticatedOriginPulls'>;
  };
  readonly objects = new Map<string, Stored>();
  /** Writes of each object, by `Kind namespace/name`. */
  readonly writes = new Map<string, number>();
  /** Changed back by somebody the moment it is written. */
  readonly rewritten = new Set<string>();
  /** In a namespace that is not there. */
  readonly lost = new Set<string>();
  /** A quota lets nothing be created any more. */
  isFull = false;
  /** How often something was to be created. */
  creations = 0;
  #version = 0;

  /** Only what origin pulls ask. */
  readonly client = {
    get: (resource: Resource<KubeObject>, ref: ObjectRef) =>
      Promise.resolve(resource.kind === 'OriginZone' ? this.zone : this.objects.get(keyOf(resource, ref))),
    create: (resource: Resource<KubeObject>, body: Stored) => {
      const key = keyOf(resource, body.metadata);
      this.creations += 1;
      if (this.isFull) return Promise.reject(new KubeError('Forbidden', `create ${key}: exceeded quota`));
      if (this.objects.has(key)) throw new KubeError('AlreadyExists', 'it is there');
      return this.#write(key, { ...body, metadata: { ...body.metadata, uid: key } });
    },
    apply: (resource: Resource<KubeObject>, body: Stored) =>
      this.#write(keyOf(resource, body.metadata), body),
    mergePatch: (resource: Resource<KubeObject>, ref: ObjectRef, patch: Stored) => {
      const key = keyOf(resource, ref);
      const before = this.objects.get(key);
      const metadata = {
        ...before?.metadata,
        annotations: withoutNulls({ ...before?.metadata.annotations, ...patch.metadata.annotations }),
      };
      return this.#write(key, {
        ...before,
        metadata,
        data: withoutNulls({ ...before?.data, ...patch.data }),
      });
    },
  } as unknown as KubeClient;

  /** A pair as somebody put it there. */
  put(key: string, { certificate, privateKey }: PemPair): void {
    const data = { 'tls.crt': base64(certificate), 'tls.key': base64(privateKey) };
    this.#store(key, { metadata: { uid: key }, data });
  }

  async #write(key: string, object: Stored): Promise<Stored> {
    this.writes.set(key, (this.writes.get(key) ?? 0) + 1);
    if (this.lost.has(key)) throw new KubeError('NotFound', 'there is no such namespace');
    const written = this.#store(key, object);
    if (this.rewritten.has(key)) this.#store(key, { ...written, data: { 'ca.crt': 'x' } });
    return written;
  }

  #store(key: string, object: Stored): Stored {
    this.#version += 1;
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } };
    this.objects.set(key, stored);
    return stored;
  }
}

function keyOf(
  { kind }: Resource<KubeObject>,
  { namespace, name }: Pick<ObjectMeta, 'namespace' | 'name'>,
): string {
  return `${kind} ${namespace}/${name}`;
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function withoutNulls(values: Readonly<Record<string, string | null>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) => (value === null ? [] : [[key, value]])),
  );
}
