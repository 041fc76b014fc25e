import { join } from 'node:path';
import { request } from 'undici';
import { startReady } from './readiness.ts';
import type { Supervised, Supervisor } from './supervisor.ts';

export interface EtcdOptions {
  /** Path of the program. */
  readonly program: string;
  readonly clientPort: number;
  readonly peerPort: number;
}

/** Starts etcd with its data in the supervisor's directory. It forgets everything with it, so it never syncs to disk. */
export async function startEtcd(supervisor: Supervisor, options: EtcdOptions): Promise<Supervised> {
  const { dir } = supervisor;
  const client = `http://127.0.0.1:${options.clientPort}`;
  const peer = `http://127.0.0.1:${options.peerPort}`;
  const args = [
    '--name=test',
    `--data-dir=${join(dir, 'etcd')}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=test=${peer}`,
    '--unsafe-no-fsync',
    '--log-level=warn',
  ];
  return startReady(
    supervisor,
    'etcd',
    { command: options.program, args, log: join(dir, 'etcd.log') },
    (signal) => isHealthy(client, signal),
  );
}

async function isHealthy(url: string, signal: AbortSignal): Promise<boolean> {
  const response = await request(`${url}/health`, { signal });
  await response.body.dump();
  return response.statusCode === 200;
}

/** Drops every revision before the present one, as the API server does every five minutes. */
export async function compactEtcd(url: string): Promise<void> {
  const { header } = (await post(url, '/v3/kv/range', { key: Buffer.from('/').toString('base64') })) as {
    header: { revision: string };
  };
  await post(url, '/v3/kv/compaction', { revision: header.revision, physical: true });
}

/** One call of etcd's JSON gateway. */
async function post(url: string, path: string, body: object): Promise<unknown> {
  const response = await request(`${url}${path}`, { method: 'POST', body: JSON.stringify(body) });
  const text = await response.body.text();
  if (response.statusCode !== 200)
    throw new Error(`etcd answered ${response.statusCode} to ${path}: ${text}`);
  return JSON.parse(text);
}
