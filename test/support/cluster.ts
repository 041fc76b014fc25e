import { randomBytes } from 'node:crypto';
import { afterAll, inject } from 'vitest';
import { type ControlPlaneInfo, inClusterDir, kubeconfigFor, type Speaker } from '../programs/access.ts';
import { AdminClient, ApiRefusal } from '../programs/admin-client.ts';

/** The control plane that all test files of a run share. Nobody stops, restarts or compacts it. */
export interface Cluster extends ControlPlaneInfo {
  /** Path of a kubeconfig that speaks for a user or for an existing service account. */
  kubeconfigFor(speaker: Speaker, options?: { readonly server?: string }): Promise<string>;
  /** A directory with `token`, `ca.crt` and `namespace`, as in a pod of this service account. */
  inClusterDir(speaker: { readonly serviceAccount: string }): Promise<string>;
}

/** The control plane of this run. The project's CustomResourceDefinitions are installed. */
export function cluster(): Cluster {
  const info = inject('cluster');
  return {
    ...info,
    kubeconfigFor: (speaker, options) => kubeconfigFor(info, speaker, options),
    inClusterDir: (speaker) => inClusterDir(info, speaker),
  };
}

const made: string[] = [];

/**
 * A new namespace `PREFIX-` and eight random letters, for one test file or one test. Its deletion is asked for when
 * the file has ended, and not waited for.
 */
export async function testNamespace(prefix: string): Promise<string> {
  const name = `${prefix}-${randomBytes(4).toString('hex')}`;
  await withAdmin((admin) =>
    admin.call({
      method: 'POST',
      path: '/api/v1/namespaces',
      body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
    }),
  );
  made.push(name);
  return name;
}

// At the top of the module, since vitest takes no new hook while a test runs.
afterAll(async () => {
  const names = made.splice(0);
  if (names.length === 0) return;
  await withAdmin((admin) => Promise.all(names.map((name) => deleteNamespace(admin, name))));
});

async function deleteNamespace(admin: AdminClient, name: string): Promise<void> {
  try {
    await admin.call({ method: 'DELETE', path: `/api/v1/namespaces/${name}` });
  } catch (error) {
    // A test may have deleted it itself.
    if (!(error instanceof ApiRefusal && error.statusCode === 404)) throw error;
  }
}

async function withAdmin<T>(work: (admin: AdminClient) => Promise<T>): Promise<T> {
  const admin = await AdminClient.connect(cluster());
  try {
    return await work(admin);
  } finally {
    await admin.close();
  }
}
