import { X509Certificate } from 'node:crypto';
import type { OriginZone } from '../api/v1alpha1.ts';
import type { KubeClient } from '../kube/client.ts';
import { secrets } from '../kube/resource.ts';
import { pemCertificates } from '../pki/inspect.ts';
import { decode } from '../secret-facts.ts';

/** The zone's own roots, beside the Origin CA and the public ones. */
export type CustomTrust =
  | { readonly state: 'usable'; readonly certificates: readonly X509Certificate[] }
  | { readonly state: 'unusable'; readonly message: string };

const NONE: CustomTrust = { state: 'usable', certificates: [] };

/** Reads `spec.gate.trustedCASecretRef` live, as the token is: nothing would tell of a change. */
export async function readCustomTrust(
  kube: Pick<KubeClient, 'get'>,
  operatorNamespace: string,
  ref: OriginZone['spec']['gate']['trustedCASecretRef'],
  signal: AbortSignal,
): Promise<CustomTrust> {
  if (ref === undefined) return NONE;
  const secret = await kube.get(secrets, { namespace: operatorNamespace, name: ref.name }, { signal });
  const where = `Secret ${ref.name} in namespace ${operatorNamespace}`;
  if (secret === undefined)
    return unusable(`There is no ${where}, which spec.gate.trustedCASecretRef names. Create it.`);
  const text = decode(secret.data?.[ref.key]);
  if (!text?.trim())
    return unusable(`${where} has nothing under key ${ref.key}. Put root certificates there.`);
  const certificates = parse(text);
  return certificates === undefined
    ? unusable(
        `${where} has something else than certificates in PEM under key ${ref.key}. Put root certificates there.`,
      )
    : { state: 'usable', certificates };
}

function unusable(message: string): CustomTrust {
  return { state: 'unusable', message: `${message} Until then no origin is judged.` };
}

/** Undefined where a block cannot be read: a root left out in silence would be missed in the origin. */
function parse(text: string): X509Certificate[] | undefined {
  try {
    const certificates = pemCertificates(text).map((pem) => new X509Certificate(pem));
    return certificates.length === 0 ? undefined : certificates;
  } catch {
    return undefined; // What is wrong with it would quote it.
  }
}
