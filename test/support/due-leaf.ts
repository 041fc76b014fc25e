import { ANNOTATION, ORIGIN_PULL_SECRET_SUFFIX, ORIGIN_PULL_SECRET_TYPE } from '../../src/api/names.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import type { Secret } from '../../src/kube/object.ts';
import { secrets } from '../../src/kube/resource.ts';
import { createAuthority, issueClientCertificate, readAuthority } from '../../src/pki/authority.ts';
import { encode } from '../../src/secret-facts.ts';
import type { Simulator } from '../simulator/client.ts';

/** Two thirds of the life of a leaf, and a bit. */
const DUE_MS = 61 * 86_400_000;

/** Of which zone, at Cloudflare and by its OriginZone, and where operators keep their own Secrets. */
export interface LeafOwner {
  readonly zoneId: string;
  readonly zoneName: string;
  readonly objectName: string;
  readonly namespace: string;
}

/** A CA and a leaf that is due, presented by Cloudflare and in the Secret, as an operator left them two months ago. */
export async function leaveDueLeaf(
  { kube, simulator }: { readonly kube: KubeClient; readonly simulator: Simulator },
  { zoneId, zoneName, objectName, namespace }: LeafOwner,
): Promise<void> {
  const agoMs = Date.now() - DUE_MS;
  const ca = await createAuthority(zoneName, agoMs);
  const authority = readAuthority(ca.certificate, ca.privateKey);
  if ('problem' in authority) throw new Error(`the CA ${authority.problem}`);
  const leaf = await issueClientCertificate(authority, zoneName, agoMs);
  await simulator.seedClientCertificate({ zoneId, ...leaf });
  await simulator.originPulls(zoneId, { enabled: true });
  const annotations = {
    [ANNOTATION.originZone]: objectName,
    [ANNOTATION.presentingSince]: new Date(agoMs).toISOString(),
  };
  const secret: Secret = {
    metadata: { name: `${objectName}${ORIGIN_PULL_SECRET_SUFFIX}`, namespace, annotations },
    type: ORIGIN_PULL_SECRET_TYPE,
    data: {
      'ca.crt': encode(ca.certificate),
      'ca.key': encode(ca.privateKey),
      'tls.crt': encode(leaf.certificate),
      'tls.key': encode(leaf.privateKey),
    },
  };
  await kube.create(secrets, secret, { signal: AbortSignal.timeout(60_000), fieldManager: 'test' });
}
