import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cluster } from '../../support/cluster.ts';
import { runOperator } from './run.ts';

/** Flags are tried one by one in test/unit/config.test.ts; here is what becomes of such a complaint. */
const SECRET = 'Planted_Secret-0123456789abcdefghijklmnop';

let dir: string;
let occupied: Server;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'originca-bad-start-'));
  occupied = createServer().listen(0, '127.0.0.1');
  await once(occupied, 'listening');
});

afterAll(async () => {
  occupied.close();
  await rm(dir, { recursive: true });
});

async function file(name: string, text: string): Promise<string> {
  const path = join(dir, name);
  await writeFile(path, text);
  return path;
}

interface KubeconfigParts {
  readonly server?: string;
  /** Lines below `cluster:`. */
  readonly trust?: string;
  readonly token?: string;
  readonly context?: string;
}

/** A kubeconfig that is good for the run's control plane, but for what is given. */
async function kubeconfig(name: string, parts: KubeconfigParts): Promise<string> {
  const good = await readFile(cluster().kubeconfigPath, 'utf8');
  const ca = /certificate-authority-data"?: *"?([A-Za-z0-9+/=]+)/.exec(good)?.[1] ?? '';
  const { server = cluster().apiServerUrl, trust, token = SECRET, context = 'c' } = parts;
  return file(
    name,
    `apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "${server}", ${trust ?? `certificate-authority-data: ${ca}`}}}]
users: [{name: u, user: {token: "${token}"}}]
contexts: [{name: c, context: {cluster: c, user: u}}]
current-context: ${context}
`,
  );
}

/** Another CA than the API server's. */
const otherCa = (): Promise<string> =>
  readFile(new URL('../../../src/cloudflare/roots.ts', import.meta.url), 'utf8').then(
    (text) => /-----BEGIN[^]*?END CERTIFICATE-----/.exec(text)?.[0] ?? '',
  );

type Start = { readonly flags?: readonly string[]; readonly env?: Readonly<Record<string, string>> };

/** Runs it, makes sure that it ends with exit code 2 before anything and prints nothing secret; resolves to what it says. */
async function complaint({ flags = [], env = {} }: Start): Promise<string> {
  const quiet = ['--metrics-address=127.0.0.1:0', '--log-level=trace']; // The last of two equal flags counts.
  const { code, stdout, stderr } = await runOperator([...quiet, ...flags], env);
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: expect.stringMatching(/^origin-ca-operator: [^\n]+\n$/),
  });
  expect(stdout + stderr).not.toContain(SECRET);
  expect(stdout).not.toContain('caches filled');
  return stderr;
}

/** Matches a text that has all these words, in this order. */
function inOrder(words: readonly string[]): RegExp {
  return new RegExp(words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)).join('.*'));
}

describe('the operator does not start, but says in one sentence what to mend, with', () => {
  test.concurrent.each<[string, Start, string[]]>([
    ['an unknown flag', { flags: ['--colour=blue'] }, ['Unknown flag --colour', '--help']],
    [
      'a wrong variable',
      { env: { ORIGINCA_CONCURRENCY: 'many' } },
      ['ORIGINCA_CONCURRENCY=many', 'a whole number from 1 to 1000'],
    ],
    [
      'a base URL that carries a password',
      { flags: [`--cloudflare-base-url=https://me:${SECRET}@example.com`] },
      ['--cloudflare-base-url carries a user name or password'],
    ],
    [
      'a kubeconfig that does not exist',
      { flags: ['--kubeconfig=/no/such/file'] },
      ['--kubeconfig /no/such/file: it does not exist', 'give an existing kubeconfig'],
    ],
    ['no kubeconfig at all', {}, ['no kubeconfig: give one with --kubeconfig FILE']],
    [
      'a service account directory without a token',
      {
        flags: ['--in-cluster-dir=/no/such/dir'],
        env: { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: '443' },
      },
      ['/no/such/dir/token: it does not exist'],
    ],
  ])('%s', async (_, start, words) => {
    expect(await complaint(start)).toMatch(inOrder(words));
  });

  test.concurrent('a kubeconfig that is none, without quoting it', async () => {
    const path = await file('garbage', `clusters: [${SECRET}\n`);
    expect(await complaint({ flags: [`--kubeconfig=${path}`] })).toMatch(
      inOrder([path, 'not valid YAML (line 2)', 'kubectl config view']),
    );
  });

  test.concurrent('a kubeconfig whose context does not exist', async () => {
    const path = await kubeconfig('context', { context: 'production' });
    expect(await complaint({ env: { KUBECONFIG: path } })).toMatch(
      inOrder([`KUBECONFIG ${path}`, 'current-context "production"', '(c)']),
    );
  });

  test.concurrent('a kubeconfig that names a CA file which is not there', async () => {
    const path = await kubeconfig('ca-file', { trust: 'certificate-authority: /no/such/ca.crt' });
    expect(await complaint({ flags: [`--kubeconfig=${path}`] })).toMatch(
      inOrder(['/no/such/ca.crt: ENOENT', 'certificate-authority']),
    );
  });

  test.concurrent('a kubeconfig whose CA is not that of the API server', async () => {
    const data = Buffer.from(await otherCa()).toString('base64');
    const path = await kubeconfig('other-ca', { trust: `certificate-authority-data: ${data}` });
    expect(await complaint({ flags: [`--kubeconfig=${path}`] })).toMatch(
      inOrder([cluster().apiServerUrl, 'UNABLE_TO_VERIFY', 'correct the server and its CA']),
    );
  });

  test.concurrent('an API server that is not there', async () => {
    const path = await kubeconfig('nobody', { server: 'https://127.0.0.1:9' });
    expect(await complaint({ flags: [`--kubeconfig=${path}`] })).toMatch(
      inOrder(['https://127.0.0.1:9', 'ECONNREFUSED', 'check the network']),
    );
  });

  test.concurrent('a token that the API server does not know', async () => {
    const path = await kubeconfig('unknown', {});
    expect(await complaint({ flags: [`--kubeconfig=${path}`] })).toMatch(
      inOrder([cluster().apiServerUrl, 'does not accept the credentials']),
    );
  });

  test.concurrent('an account without rights', async () => {
    const path = await cluster().kubeconfigFor({ user: 'nobody-in-particular', groups: [] });
    expect(await complaint({ flags: [`--kubeconfig=${path}`] })).toMatch(
      inOrder([
        'does not let the operator read OriginCertificates in all namespaces',
        'User "nobody-in-particular" cannot list resource',
        'apply deploy/',
      ]),
    );
  });

  test.concurrent('a metrics port that is taken', async () => {
    const address = occupied.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const flags = [`--kubeconfig=${cluster().kubeconfigPath}`, `--metrics-address=127.0.0.1:${port}`];
    expect(await complaint({ flags })).toMatch(
      inOrder([`--metrics-address=127.0.0.1:${port}`, 'EADDRINUSE', 'name another address']),
    );
  });

  test.concurrent.each<[string, () => Promise<string> | string, string]>([
    ['that does not exist', () => '/no/such/roots.pem', 'ENOENT'],
    [
      'that holds no certificate',
      () => file('no-roots', `token: ${SECRET}\n`),
      'the file holds no certificate',
    ],
    [
      'that holds a broken one',
      () => file('broken', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'),
      'certificate 1 of 1 cannot be parsed',
    ],
  ])('a file of roots %s', async (_, path, words) => {
    const roots = await path();
    const flags = [`--kubeconfig=${cluster().kubeconfigPath}`, `--origin-ca-roots=${roots}`];
    expect(await complaint({ flags })).toMatch(inOrder([`--origin-ca-roots ${roots}`, words]));
  });

  test.concurrent('an HTTPS_PROXY that is no URL, without showing it', async () => {
    const flags = [`--kubeconfig=${cluster().kubeconfigPath}`];
    expect(await complaint({ flags, env: { HTTPS_PROXY: `me:${SECRET}@proxy` } })).toMatch(
      inOrder(['HTTPS_PROXY is not the URL of a proxy']),
    );
  });
});

describe('asked for nothing but words, the operator ends with 0', () => {
  test('--help names every flag and its variable', async () => {
    const { code, stdout, stderr } = await runOperator(['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Keeps Cloudflare Origin CA certificates in Kubernetes TLS Secrets\./);
    expect(stdout).toContain('--cloudflare-post-timeout DURATION');
    expect(stdout).toContain('ORIGINCA_LOG_LEVEL');
  });

  test('--version prints the version of the package', async () => {
    const manifest = JSON.parse(
      await readFile(new URL('../../../package.json', import.meta.url), 'utf8'),
    ) as {
      version: string;
    };
    expect(await runOperator(['--version'])).toEqual({
      code: 0,
      stdout: `${manifest.version}\n`,
      stderr: '',
    });
  });
});
