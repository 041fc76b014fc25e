import { FIELD_MANAGER } from '../../src/api/names.ts';
import type { OriginCertificate } from '../../src/api/v1alpha1.ts';
import { pendingSecret } from '../../src/certificate/pending.ts';
import { KubeClient } from '../../src/kube/client.ts';
import { loadKubeConfig } from '../../src/kube/config.ts';
import type { Secret } from '../../src/kube/object.ts';
import { secrets } from '../../src/kube/resource.ts';
import { createCsr } from '../../src/pki/csr.ts';
import { DEFAULT_KEY, generateKey } from '../../src/pki/keys.ts';
import { originCertificates } from '../../src/resources.ts';
import { encode } from '../../src/secret-facts.ts';
import { parallel } from './parallel.ts';
import { createCertificates, createIssuers, type World } from './world.ts';

export interface BareFigures {
  readonly certificatesPerSecond: number;
  readonly cpuMsPerCertificate: number;
}

/** As many at once as the operator's --concurrency. */
const AT_ONCE = 32;
const PREFIX = 'bare';

/**
 * The limit to compare with: makes a key and a CSR per certificate and sends the four writes of an issuance, with
 * bodies that the operator wrote before. It reads nothing, decides nothing and asks nobody for a certificate.
 */
export async function measureBareClient(world: World, count: number, written: string): Promise<BareFigures> {
  await createIssuers(world, PREFIX);
  await createCertificates(world, PREFIX, count);
  const signal = AbortSignal.timeout(600_000);
  const ref = { namespace: written, name: 'c-0' };
  const model = {
    status: (await world.kube.get(originCertificates, ref, { signal }))?.status,
    target: await world.kube.get(secrets, { ...ref, name: 'c-0-tls' }, { signal }),
  };
  const certificates = await world.kube.listAll(originCertificates, { signal });
  const mine = certificates.filter(({ metadata }) => metadata.namespace.startsWith(`${PREFIX}-`));
  const kube = await KubeClient.connect(loadKubeConfig({ kubeconfig: world.operatorKubeconfig, env: {} }));
  try {
    const cpuBefore = process.cpuUsage();
    const startMs = performance.now();
    await parallel(count, AT_ONCE, async (index) => {
      const certificate = mine[index];
      if (certificate === undefined) throw new Error(`there is no certificate ${index}`);
      await writeAll(kube, certificate, model, signal);
    });
    const elapsedMs = performance.now() - startMs;
    const { user, system } = process.cpuUsage(cpuBefore);
    return {
      certificatesPerSecond: (count / elapsedMs) * 1000,
      cpuMsPerCertificate: (user + system) / 1000 / count,
    };
  } finally {
    await kube.close();
  }
}

interface Model {
  readonly status: OriginCertificate['status'];
  readonly target: Secret | undefined;
}

async function writeAll(
  kube: KubeClient,
  certificate: OriginCertificate,
  model: Model,
  signal: AbortSignal,
): Promise<void> {
  const { name, namespace, uid } = certificate.metadata;
  const write = { signal, fieldManager: FIELD_MANAGER.certificate };
  const { keys, privateKeyPem } = await generateKey(DEFAULT_KEY);
  const { hostnames, issuerRef } = certificate.spec;
  const pending = pendingSecret({
    namespace,
    certificateName: name,
    certificateUid: uid,
    privateKeyPem,
    csr: await createCsr(keys, DEFAULT_KEY, hostnames),
    need: { hostnames, ...DEFAULT_KEY, validityDays: 90, issuer: issuerRef },
    issuerUid: uid,
    requests: { renew: '', rekey: '' },
    replaces: '',
    postedAt: new Date().toISOString(),
  });
  await kube.create(secrets, pending, write);
  const { labels = {}, annotations = {} } = model.target?.metadata ?? {};
  const target: Secret = {
    metadata: { name: certificate.spec.secretName, namespace, resourceVersion: '1', labels, annotations },
    type: 'kubernetes.io/tls',
    data: { 'tls.crt': model.target?.data?.['tls.crt'] ?? '', 'tls.key': encode(privateKeyPem) },
  };
  await kube.apply(secrets, target, write);
  const status = { metadata: { name, namespace }, status: model.status };
  // What an apply sends is no whole object.
  await kube.apply(originCertificates, status as OriginCertificate, {
    ...write,
    force: true,
    subresource: 'status',
  });
  await kube.delete(secrets, { namespace, name: pending.metadata.name ?? '' }, { signal });
}
