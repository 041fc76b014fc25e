import { KubeClient } from '../../src/kube/client.ts';
import { loadKubeConfig } from '../../src/kube/config.ts';
import type { Speaker } from '../programs/access.ts';
import { cluster } from './cluster.ts';

/** The ServiceAccount that `deploy/` makes for the operator. */
export const OPERATOR_ACCOUNT = 'originca-system:origin-ca-operator';

/**
 * A client of the run's control plane: for the cluster's administrator, or for whom it is given. Close it. What it
 * asks as the operator's account is no request of the operator: the audit tells them apart by the user agent.
 */
export async function kubeClient(speaker?: Speaker): Promise<KubeClient> {
  const kubeconfig =
    speaker === undefined ? cluster().kubeconfigPath : await cluster().kubeconfigFor(speaker);
  return KubeClient.connect(loadKubeConfig({ kubeconfig, env: {} }), {
    userAgent: 'origin-ca-operator-tests',
  });
}
