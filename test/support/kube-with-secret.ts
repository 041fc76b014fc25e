import type { KubeClient } from '../../src/kube/client.ts';
import { encode } from '../../src/secret-facts.ts';

/** A cluster that has this Secret wherever it is looked for, or none; nothing else may be asked of it. */
export function kubeWithSecret(data: Readonly<Record<string, string>> | undefined): KubeClient {
  const secret = data && {
    data: Object.fromEntries(Object.entries(data).map(([key, text]) => [key, encode(text)])),
  };
  return { get: () => Promise.resolve(secret) } as unknown as KubeClient;
}
