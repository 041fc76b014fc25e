import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { proxyApiServer } from '../proxy/api-server.ts';
import type { FaultProxy } from '../proxy/proxy.ts';
import { cluster } from './cluster.ts';
import { OPERATOR_ACCOUNT } from './kube-clients.ts';
import { ofScene } from './scene-label.ts';

/** A fault proxy in front of the API server, and the path of a kubeconfig that leads the operator's account through it. */
export interface ProxiedOperator extends AsyncDisposable {
  readonly proxy: FaultProxy;
  readonly kubeconfig: string;
}

/**
 * @param scene whose cluster-scoped objects alone are seen: operators of other scenes work in the
 * same cluster at the same time. Absent: all.
 */
export async function proxied(scene?: string): Promise<ProxiedOperator> {
  const direct = await cluster().kubeconfigFor({ serviceAccount: OPERATOR_ACCOUNT });
  const narrow = scene === undefined ? undefined : (path: string): string => ofScene(path, scene);
  const { proxy, kubeConfig } = await proxyApiServer(direct, narrow);
  const dir = await mkdtemp(join(tmpdir(), 'originca-test-'));
  const kubeconfig = join(dir, 'kubeconfig');
  await writeFile(kubeconfig, kubeConfig.exportConfig(), { mode: 0o600 });
  return {
    proxy,
    kubeconfig,
    [Symbol.asyncDispose]: async () => {
      await proxy.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
