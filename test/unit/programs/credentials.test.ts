import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Kubeconfigs, writeCredentials } from '../../programs/credentials.ts';

interface Kubeconfig {
  readonly clusters: readonly [{ readonly cluster: Readonly<Record<string, string>> }];
  readonly users: readonly [{ readonly user: Readonly<Record<string, string>> }];
}

const SERVER = 'https://127.0.0.1:6443';
let dir: string;
let kubeconfigs: Kubeconfigs;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'originca-credentials-'));
  kubeconfigs = await writeCredentials(dir, SERVER);
});
afterAll(() => rm(dir, { recursive: true }));

const text = (name: string): Promise<string> => readFile(join(dir, name), 'utf8');
const certificate = async (name: string): Promise<X509Certificate> => new X509Certificate(await text(name));
const decoded = (base64 = ''): string => Buffer.from(base64, 'base64').toString();

describe('the credentials of a new cluster', () => {
  test('are an API server that the cluster knows by each of its addresses', async () => {
    const serving = await certificate('apiserver.crt');
    expect(serving.verify((await certificate('ca.crt')).publicKey)).toBe(true);
    expect(serving.checkPrivateKey(createPrivateKey(await text('apiserver.key')))).toBe(true);
    expect(['127.0.0.1', '10.0.0.1'].map((ip) => serving.checkIP(ip))).not.toContain(undefined);
    const names = ['localhost', 'kubernetes.default.svc'];
    expect(names.map((name) => serving.checkHost(name))).toEqual(names);
  });

  test.each<[keyof Kubeconfigs, string]>([
    ['admin', 'O=system:masters\nCN=admin'],
    ['controllerManager', 'CN=system:kube-controller-manager'],
  ])('let %s in with a kubeconfig of its own', async (who, subject) => {
    const { clusters, users } = JSON.parse(await readFile(kubeconfigs[who], 'utf8')) as Kubeconfig;
    expect(clusters[0].cluster['server']).toBe(SERVER);
    const ca = await certificate('ca.crt');
    expect(decoded(clusters[0].cluster['certificate-authority-data'])).toBe(ca.toString());
    const { 'client-certificate-data': client, 'client-key-data': key } = users[0].user;
    const shown = new X509Certificate(decoded(client));
    expect(shown.verify(ca.publicKey)).toBe(true);
    expect(shown.subject).toBe(subject);
    expect(shown.checkPrivateKey(createPrivateKey(decoded(key)))).toBe(true);
  });

  test('are a pair of keys for the tokens of service accounts', async () => {
    const signing = createPublicKey(await text('service-account.key'));
    expect(signing.equals(createPublicKey(await text('service-account.pub')))).toBe(true);
  });

  test('show their private keys to nobody else on this machine', async () => {
    const files = (await readdir(dir)).filter((name) => /key$|kubeconfig$/.test(name));
    expect(files.toSorted()).toEqual([
      'admin.key',
      'apiserver.key',
      'ca.key',
      'controller-manager.kubeconfig',
      'kubeconfig',
      'service-account.key',
    ]);
    const modes = await Promise.all(files.map(async (name) => (await stat(join(dir, name))).mode & 0o777));
    expect(new Set(modes)).toEqual(new Set([0o600]));
  });
});
