import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { ApiRefusal, type AdminClient } from './admin-client.ts';
import { startReady } from './readiness.ts';
import type { Supervised, Supervisor } from './supervisor.ts';

export interface ApiServerOptions {
  /** Path of the program. */
  readonly program: string;
  readonly port: number;
  readonly etcdUrl: string;
  /** To ask whether it is ready. */
  readonly admin: AdminClient;
}

/** Who and what a cluster runs on by itself: left out, the log holds the requests of tests and operator only. */
const AUDIT_POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    { level: 'None', users: ['system:apiserver', 'system:kube-controller-manager'] },
    { level: 'None', userGroups: ['system:serviceaccounts:kube-system'] },
    { level: 'None', nonResourceURLs: ['/healthz*', '/livez*', '/readyz*'] },
    { level: 'Metadata' },
  ],
} as const;

/** Writes the audit policy where `startApiServer` expects it. */
export async function writeAuditPolicy(dir: string): Promise<void> {
  await writeFile(join(dir, 'audit-policy.yaml'), stringify(AUDIT_POLICY));
}

/** Where the audit log is. */
export function auditLogPath(dir: string): string {
  return join(dir, 'audit.log');
}

/** Starts kube-apiserver with the PKI of the supervisor's directory; resolves when /readyz says ok. */
export async function startApiServer(supervisor: Supervisor, options: ApiServerOptions): Promise<Supervised> {
  const { dir } = supervisor;
  const start = { command: options.program, args: args(dir, options), log: join(dir, 'kube-apiserver.log') };
  return startReady(supervisor, 'kube-apiserver', start, (signal) => isReady(options.admin, signal));
}

async function isReady(admin: AdminClient, signal: AbortSignal): Promise<boolean> {
  try {
    await admin.call({ method: 'GET', path: '/readyz', signal });
    return true;
  } catch (error) {
    // 403 until the first roles are there, 500 while a start hook runs.
    if (error instanceof ApiRefusal) return false;
    throw error;
  }
}

function args(dir: string, { port, etcdUrl }: ApiServerOptions): string[] {
  return [
    `--etcd-servers=${etcdUrl}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    `--tls-cert-file=${join(dir, 'apiserver.crt')}`,
    `--tls-private-key-file=${join(dir, 'apiserver.key')}`,
    `--client-ca-file=${join(dir, 'ca.crt')}`,
    '--authorization-mode=RBAC',
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-key-file=${join(dir, 'service-account.pub')}`,
    `--service-account-signing-key-file=${join(dir, 'service-account.key')}`,
    '--service-cluster-ip-range=10.0.0.0/24',
    '--allow-privileged=true',
    // A loopback address is not allowed as an endpoint of the service `kubernetes`.
    '--endpoint-reconciler-type=none',
    `--audit-policy-file=${join(dir, 'audit-policy.yaml')}`,
    `--audit-log-path=${auditLogPath(dir)}`,
    // Megabytes after which it would be rotated: a test reads one file.
    '--audit-log-maxsize=4096',
    '--profiling=false',
  ];
}
