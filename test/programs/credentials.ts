import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { clientCertificate, writeKubeconfig } from './kubeconfig.ts';
import { type Pair, serviceAccountKeys, ThrowawayCa } from './pki.ts';

/** The kubeconfigs of those who are there from the beginning: paths. */
export interface Kubeconfigs {
  /** Cluster administrator. */
  readonly admin: string;
  readonly controllerManager: string;
}

/**
 * Writes what a new cluster trusts and is trusted by, where its programs look for it: a certificate authority, the API
 * server's certificate, the keys of service account tokens, and who may speak to it first.
 */
export async function writeCredentials(dir: string, server: string): Promise<Kubeconfigs> {
  const ca = await ThrowawayCa.create(dir);
  const [serving, admin, manager, tokens] = await Promise.all([
    ca.serverPair('kube-apiserver', [
      { type: 'ip', value: '127.0.0.1' },
      { type: 'ip', value: '10.0.0.1' },
      { type: 'dns', value: 'localhost' },
      { type: 'dns', value: 'kubernetes.default.svc' },
    ]),
    ca.clientPair({ user: 'admin', groups: ['system:masters'] }),
    ca.clientPair({ user: 'system:kube-controller-manager', groups: [] }),
    serviceAccountKeys(),
  ]);
  await Promise.all([
    writePair(dir, 'apiserver', serving),
    writePair(dir, 'admin', admin),
    writeFile(join(dir, 'service-account.pub'), tokens.publicKey),
    writeFile(join(dir, 'service-account.key'), tokens.privateKey, { mode: 0o600 }),
  ]);
  const kubeconfigOf = (name: string, pair: Pair): Promise<string> =>
    writeKubeconfig(join(dir, name), { server, ca: ca.certificate, user: clientCertificate(pair) });
  return {
    admin: await kubeconfigOf('kubeconfig', admin),
    controllerManager: await kubeconfigOf('controller-manager.kubeconfig', manager),
  };
}

async function writePair(dir: string, name: string, pair: Pair): Promise<void> {
  await writeFile(join(dir, `${name}.crt`), pair.certificate);
  await writeFile(join(dir, `${name}.key`), pair.key, { mode: 0o600 });
}
