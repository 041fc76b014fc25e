import { writeFile } from 'node:fs/promises';
import type { Pair } from './pki.ts';

interface Credentials {
  readonly server: string;
  /** PEM. */
  readonly ca: string;
  /** The `user` entry of a kubeconfig. */
  readonly user: Readonly<Record<string, string>>;
}

/** The `user` entry for a client certificate. */
export function clientCertificate(pair: Pair): Readonly<Record<string, string>> {
  return { 'client-certificate-data': base64(pair.certificate), 'client-key-data': base64(pair.key) };
}

/** Writes a self-contained kubeconfig with one context and resolves to its path. */
export async function writeKubeconfig(path: string, { server, ca, user }: Credentials): Promise<string> {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': base64(ca) } }],
    users: [{ name: 'test', user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    'current-context': 'test',
  };
  await writeFile(path, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
  return path;
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
