import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AdminClient } from './admin-client.ts';
import { clientCertificate, writeKubeconfig } from './kubeconfig.ts';
import { ThrowawayCa } from './pki.ts';

/** What a test process must know of a running control plane. Plain data: vitest hands it to its workers as JSON. */
export interface ControlPlaneInfo {
  /** Of Kubernetes, such as 1.36.3. */
  readonly version: string;
  /** Holds everything of this control plane: PKI, kubeconfigs, logs, data. Removed when it stops. */
  readonly dir: string;
  /** Cluster administrator. */
  readonly kubeconfigPath: string;
  readonly apiServerUrl: string;
  readonly etcdUrl: string;
  /** JSON lines at level Metadata: verb, objectRef, user, responseStatus. Without the control plane's own requests. */
  readonly auditLogPath: string;
}

/** Who a kubeconfig speaks for. */
export type Speaker =
  /** `namespace:name`; it must exist. */
  { readonly serviceAccount: string } | { readonly user: string; readonly groups: readonly string[] };

const TOKEN_SECONDS = 24 * 3600;

/**
 * Writes a kubeconfig and resolves to its path: a client certificate for a user, a token from the TokenRequest
 * API for a service account. `server` is for a proxy in front of the API server that passes TLS through.
 */
export async function kubeconfigFor(
  info: ControlPlaneInfo,
  speaker: Speaker,
  options: { readonly server?: string } = {},
): Promise<string> {
  const ca = await ThrowawayCa.load(info.dir);
  const server = options.server ?? info.apiServerUrl;
  const user =
    'user' in speaker
      ? clientCertificate(await ca.clientPair(speaker))
      : { token: await tokenFor(info, speaker) };
  return writeKubeconfig(join(info.dir, `kubeconfig-${randomUUID()}`), { server, ca: ca.certificate, user });
}

/** A directory with `token`, `ca.crt` and `namespace`, as a pod of this service account finds it mounted. */
export async function inClusterDir(
  info: ControlPlaneInfo,
  speaker: { readonly serviceAccount: string },
): Promise<string> {
  const dir = join(info.dir, `in-cluster-${randomUUID()}`);
  const ca = await ThrowawayCa.load(info.dir);
  await mkdir(dir);
  await writeFile(join(dir, 'token'), await tokenFor(info, speaker), { mode: 0o644 });
  await writeFile(join(dir, 'ca.crt'), ca.certificate);
  await writeFile(join(dir, 'namespace'), split(speaker.serviceAccount).namespace);
  return dir;
}

async function tokenFor(
  info: ControlPlaneInfo,
  { serviceAccount }: { serviceAccount: string },
): Promise<string> {
  const { namespace, name } = split(serviceAccount);
  const admin = await AdminClient.connect(info);
  try {
    const answer = (await admin.call({
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
      body: {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: { expirationSeconds: TOKEN_SECONDS },
      },
    })) as { status: { token: string } };
    return answer.status.token;
  } finally {
    await admin.close();
  }
}

function split(serviceAccount: string): { namespace: string; name: string } {
  const [namespace, name, ...rest] = serviceAccount.split(':');
  if (!namespace || !name || rest.length > 0) {
    throw new Error(`service account '${serviceAccount}' is not of the form namespace:name`);
  }
  return { namespace, name };
}
