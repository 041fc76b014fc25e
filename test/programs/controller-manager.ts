import { join } from 'node:path';
import { request, Agent } from 'undici';
import { startReady } from './readiness.ts';
import type { Supervised, Supervisor } from './supervisor.ts';

export interface ControllerManagerOptions {
  /** Path of the program. */
  readonly program: string;
  readonly port: number;
  readonly kubeconfigPath: string;
}

/** What our objects need of a cluster. There are no nodes, so nothing that makes pods. */
const CONTROLLERS = [
  'garbage-collector-controller',
  'namespace-controller',
  'serviceaccount-controller',
  'serviceaccount-token-controller',
  'root-ca-certificate-publisher-controller',
  'resourcequota-controller',
  'clusterrole-aggregation-controller',
  'validatingadmissionpolicy-status-controller',
] as const;

/** Starts kube-controller-manager as the user of its own role; resolves when its health check says ok. */
export async function startControllerManager(
  supervisor: Supervisor,
  options: ControllerManagerOptions,
): Promise<Supervised> {
  const { dir } = supervisor;
  const args = [
    `--kubeconfig=${options.kubeconfigPath}`,
    `--authentication-kubeconfig=${options.kubeconfigPath}`,
    `--authorization-kubeconfig=${options.kubeconfigPath}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${options.port}`,
    `--controllers=${CONTROLLERS.join(',')}`,
    '--use-service-account-credentials=true',
    `--service-account-private-key-file=${join(dir, 'service-account.key')}`,
    `--root-ca-file=${join(dir, 'ca.crt')}`,
    '--leader-elect=false',
    // Tests make and delete namespaces faster than the defaults (20/30) let it follow.
    '--kube-api-qps=500',
    '--kube-api-burst=1000',
    '--profiling=false',
  ];
  const start = { command: options.program, args, log: join(dir, 'kube-controller-manager.log') };
  // It serves a certificate of its own making, which nobody else needs to trust.
  const agent = new Agent({ connect: { rejectUnauthorized: false } });
  try {
    return await startReady(supervisor, 'kube-controller-manager', start, async (signal) => {
      const url = `https://127.0.0.1:${options.port}/healthz`;
      const response = await request(url, { dispatcher: agent, signal });
      await response.body.dump();
      return response.statusCode === 200;
    });
  } finally {
    await agent.close();
  }
}
