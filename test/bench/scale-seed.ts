import { FIELD_MANAGER } from '../../src/api/names.ts';
import { issuanceNeed, keySpec } from '../../src/certificate/need.ts';
import { targetSecret } from '../../src/certificate/target.ts';
import type { Secret } from '../../src/kube/object.ts';
import { secrets } from '../../src/kube/resource.ts';
import { createCsr } from '../../src/pki/csr.ts';
import { generateKey } from '../../src/pki/keys.ts';
import { originCertificates } from '../../src/resources.ts';
import { parallel } from './parallel.ts';
import { certificateOf, namespaceOf, type World, write, WRITERS } from './world.ts';

/** How large the world is. */
export interface Size {
  readonly certificates: number;
  readonly namespaces: number;
  /** Secrets that have nothing to do with the operator, beside one for each certificate. */
  readonly secrets: number;
}

export const PREFIX = 'scale';
const SEED_TIMEOUT_MS = 30 * 60_000;
const VALIDITY_MS = 90 * 86_400_000;
/** The trust in these roots is the operator's matter; no output is asked for that would hold them. */
const NO_ROOTS = { certificates: [], pem: '' };

/** Secrets as a cluster is full of them: some configuration, some pairs of others, none with a label of ours. */
export async function seedUnrelatedSecrets({ kube }: World, size: Size): Promise<void> {
  const options = { ...write, signal: AbortSignal.timeout(SEED_TIMEOUT_MS) };
  const filling = Buffer.from('x'.repeat(700)).toString('base64');
  await parallel(size.secrets, WRITERS, async (index) => {
    const namespace = namespaceOf(PREFIX, index, size.namespaces);
    const isPair = index % 4 === 0;
    const body: Secret = {
      metadata: { name: `unrelated-${index}`, namespace },
      type: isPair ? 'kubernetes.io/tls' : 'Opaque',
      data: isPair ? { 'tls.crt': filling, 'tls.key': filling } : { configuration: filling },
    };
    await kube.apply(secrets, body, options);
  });
}

/**
 * OriginCertificates whose Secrets hold what the operator would have written, with certificates that the simulator
 * has on its list: as they are after years, and after a restore without statuses.
 */
export async function seedIssued(world: World, size: Size): Promise<void> {
  const signal = AbortSignal.timeout(SEED_TIMEOUT_MS);
  await parallel(size.certificates, WRITERS, (index) => seedOne(world, size, index, signal));
}

async function seedOne({ kube, simulator }: World, size: Size, index: number, signal: AbortSignal) {
  const wanted = certificateOf(namespaceOf(PREFIX, index, size.namespaces), index);
  const certificate = await kube.apply(originCertificates, wanted, { ...write, signal });
  const { spec, metadata } = certificate;
  const need = issuanceNeed(spec);
  const key = keySpec(need);
  const { keys, privateKeyPem } = await generateKey(key);
  const notBefore = Date.now() - 60_000;
  const signed = await simulator.sign({
    csr: await createCsr(keys, key, need.hostnames),
    hostnames: need.hostnames,
    requestType: 'origin-ecc',
    notBefore: new Date(notBefore).toISOString(),
    notAfter: new Date(notBefore + VALIDITY_MS).toISOString(),
  });
  const record = {
    certificateName: metadata.name,
    certificateId: signed.id,
    previousCertificateId: '',
    revision: 1,
    issuedFor: metadata.uid,
    handledRenewRequest: '',
    handledRekeyRequest: '',
    need,
    adopted: false,
  };
  const content = { certificate, record, certificatePem: signed.certificate, privateKeyPem, roots: NO_ROOTS };
  const body = targetSecret(content, undefined);
  await kube.apply(secrets, body, { signal, fieldManager: FIELD_MANAGER.certificate });
}
