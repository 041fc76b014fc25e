import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { KubeConfigError, kubeConfigFromDirectory, loadKubeConfig } from '../../../src/kube/config.ts';

const POD = { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' };

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kube-config-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

function file(name: string, content: string): string {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
}

function kubeconfig(change: object = {}): string {
  const config = {
    clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:6443' } }],
    users: [{ name: 'u', user: { token: 's3cr3t' } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', namespace: 'n' } }],
    'current-context': 'x',
    ...change,
  };
  return file('config', JSON.stringify(config));
}

/** The error that loading ends with, in every form in which it could be printed. */
function failure(load: () => unknown): { error: unknown; message: string; printed: string } {
  try {
    load();
  } catch (error) {
    const { message, cause, stack } = error as Error;
    return { error, message: message.replaceAll(dir, 'DIR'), printed: `${String(stack)} ${String(cause)}` };
  }
  throw new Error('nothing was wrong');
}

function podDir(): string {
  file('token', 'first\n');
  file('ca.crt', 'a CA');
  file('namespace', 'originca-system\n');
  return dir;
}

async function authorization(config: ReturnType<typeof loadKubeConfig>): Promise<unknown> {
  const options: { headers?: Record<string, unknown> } = {};
  await config.applyToHTTPSOptions(options as Parameters<typeof config.applyToHTTPSOptions>[0]);
  return options.headers?.['Authorization'];
}

describe('where the API server is looked for', () => {
  test('the flag counts before everything else', () => {
    const config = loadKubeConfig({ kubeconfig: kubeconfig(), env: { KUBECONFIG: '/nowhere', ...POD } });
    expect(config.getCurrentCluster()?.server).toBe('https://127.0.0.1:6443');
  });

  test('KUBECONFIG counts before the pod', () => {
    const config = loadKubeConfig({ env: { KUBECONFIG: kubeconfig(), ...POD } });
    expect(config.getCurrentCluster()?.server).toBe('https://127.0.0.1:6443');
  });

  test('the home directory comes last', () => {
    mkdirSync(join(dir, '.kube'));
    renameSync(kubeconfig(), join(dir, '.kube', 'config'));
    expect(loadKubeConfig({ env: { HOME: dir } }).getCurrentCluster()?.server).toBe('https://127.0.0.1:6443');
  });

  test.each([
    ['10.96.0.1', 'https://10.96.0.1:443'],
    ['fd00::1', 'https://[fd00::1]:443'],
    ['kubernetes.default.svc', 'https://kubernetes.default.svc:443'],
  ])('a pod is told host %s and asks %s', (host, server) => {
    const config = kubeConfigFromDirectory(podDir(), { ...POD, KUBERNETES_SERVICE_HOST: host });
    expect(config.getCurrentCluster()).toMatchObject({ server, skipTLSVerify: false });
    expect(config.getContextObject(config.getCurrentContext())?.namespace).toBe('originca-system');
  });

  test('a pod needs no namespace file', () => {
    podDir();
    rmSync(join(dir, 'namespace'));
    const config = kubeConfigFromDirectory(dir, POD);
    expect(config.getContextObject(config.getCurrentContext())?.namespace).toBeUndefined();
  });

  test('a token is trimmed, and read again each time it is asked for', async () => {
    const config = kubeConfigFromDirectory(podDir(), POD);
    expect(await authorization(config)).toBe('Bearer first');
    file('token', 'second\n');
    expect(await authorization(config)).toBe('Bearer second');
  });
});

describe('what cannot be used is told in one sentence', () => {
  test.each<[string, () => unknown, string]>([
    [
      'a missing file',
      () => loadKubeConfig({ kubeconfig: join(dir, 'no'), env: {} }),
      '--kubeconfig DIR/no: it does not exist; give an existing kubeconfig with --kubeconfig or KUBECONFIG',
    ],
    [
      'a missing file of the environment',
      () => loadKubeConfig({ env: { KUBECONFIG: join(dir, 'no') } }),
      'KUBECONFIG DIR/no: it does not exist; give an existing kubeconfig with --kubeconfig or KUBECONFIG',
    ],
    [
      'a directory',
      () => loadKubeConfig({ kubeconfig: dir, env: {} }),
      '--kubeconfig DIR: it is a directory; give an existing kubeconfig with --kubeconfig or KUBECONFIG',
    ],
    [
      'no YAML',
      () => loadKubeConfig({ kubeconfig: file('config', 'users:\n  token: "s3cr3t\n'), env: {} }),
      '--kubeconfig DIR/config: not valid YAML (line 3); see what `kubectl config view` says about it',
    ],
    [
      'a list',
      () => loadKubeConfig({ kubeconfig: file('config', '- s3cr3t'), env: {} }),
      '--kubeconfig DIR/config: it has no current-context; set one with `kubectl config use-context NAME`',
    ],
    [
      'an empty file',
      () => loadKubeConfig({ kubeconfig: file('config', ''), env: {} }),
      '--kubeconfig DIR/config: not a kubeconfig; see what `kubectl config view` says about it',
    ],
    [
      'a cluster without server',
      () =>
        loadKubeConfig({
          kubeconfig: kubeconfig({ clusters: [{ name: 'c', cluster: {} }] }),
          env: {},
        }),
      '--kubeconfig DIR/config: clusters[0].cluster.server is missing; see what `kubectl config view` says about it',
    ],
    [
      'no current context',
      () => loadKubeConfig({ kubeconfig: kubeconfig({ 'current-context': undefined }), env: {} }),
      '--kubeconfig DIR/config: it has no current-context; set one with `kubectl config use-context NAME`',
    ],
    [
      'a current context that is not there',
      () => loadKubeConfig({ kubeconfig: kubeconfig({ 'current-context': 'y' }), env: {} }),
      '--kubeconfig DIR/config: its current-context "y" is not among its contexts (x); choose one with `kubectl config use-context NAME`',
    ],
    [
      'a context without its cluster',
      () => loadKubeConfig({ kubeconfig: kubeconfig({ clusters: [] }), env: {} }),
      '--kubeconfig DIR/config: context "x" names cluster "c", which is not in the file; add it with `kubectl config set-cluster c`',
    ],
    [
      'a context without its user',
      () => loadKubeConfig({ kubeconfig: kubeconfig({ users: [] }), env: {} }),
      '--kubeconfig DIR/config: context "x" names user "u", which is not in the file; add it with `kubectl config set-credentials u`',
    ],
    [
      'plain HTTP',
      () =>
        loadKubeConfig({
          kubeconfig: kubeconfig({ clusters: [{ name: 'c', cluster: { server: 'http://localhost:8080' } }] }),
          env: {},
        }),
      '--kubeconfig DIR/config: cluster "c" has server "http://localhost:8080"; it must be an https:// URL',
    ],
    [
      'a proxy',
      () =>
        loadKubeConfig({
          kubeconfig: kubeconfig({
            clusters: [{ name: 'c', cluster: { server: 'https://a', 'proxy-url': 'http://p' } }],
          }),
          env: {},
        }),
      '--kubeconfig DIR/config: cluster "c" has a proxy-url, which is not supported; use a direct address',
    ],
    [
      'both flags',
      () => loadKubeConfig({ kubeconfig: 'a', inClusterDir: 'b', env: {} }),
      '--kubeconfig a and --in-cluster-dir b exclude each other: give only one of them',
    ],
    [
      'a service account without token',
      () => loadKubeConfig({ inClusterDir: dir, env: POD }),
      'service account file DIR/token: it does not exist; give a directory that holds one with --in-cluster-dir',
    ],
    [
      'a service account with an empty token',
      () => {
        podDir();
        file('token', ' \n');
        return loadKubeConfig({ inClusterDir: dir, env: POD });
      },
      "service account file DIR/token: it is empty; mount the service account's token and CA there",
    ],
    [
      'a service account without CA',
      () => {
        podDir();
        rmSync(join(dir, 'ca.crt'));
        return loadKubeConfig({ inClusterDir: dir, env: POD });
      },
      'service account file DIR/ca.crt: it does not exist; give a directory that holds one with --in-cluster-dir',
    ],
    [
      'a pod without a port',
      () => loadKubeConfig({ inClusterDir: podDir(), env: { KUBERNETES_SERVICE_HOST: 'h' } }),
      'KUBERNETES_SERVICE_PORT is not set: with --in-cluster-dir DIR it must name the API server, as in a pod',
    ],
    [
      'a pod with a bad port',
      () => loadKubeConfig({ inClusterDir: podDir(), env: { ...POD, KUBERNETES_SERVICE_PORT: 'tcp://x' } }),
      'KUBERNETES_SERVICE_PORT is "tcp://x": it must be a port number such as 443',
    ],
    [
      'a pod with a bad host',
      () => loadKubeConfig({ inClusterDir: podDir(), env: { ...POD, KUBERNETES_SERVICE_HOST: 'a b' } }),
      'KUBERNETES_SERVICE_HOST is "a b": it must be a host name or an IP address',
    ],
    [
      'nothing at all',
      () => loadKubeConfig({ env: {} }),
      'no kubeconfig: give one with --kubeconfig FILE or KUBECONFIG=FILE',
    ],
  ])('%s', (_name, load, sentence) => {
    const { error, message, printed } = failure(load);
    expect(error).toBeInstanceOf(KubeConfigError);
    expect(message).toBe(sentence);
    expect(printed).not.toContain('s3cr3t');
  });
});
