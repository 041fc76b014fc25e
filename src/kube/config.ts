import { readFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';

/** A kubeconfig or service account directory that cannot be used: one sentence with the name and the remedy. */
export class KubeConfigError extends Error {
  override readonly name = 'KubeConfigError';
}

type Env = Readonly<Record<string, string | undefined>>;

export interface KubeConfigSource {
  /** `--kubeconfig` */
  readonly kubeconfig?: string | undefined;
  /** `--in-cluster-dir` */
  readonly inClusterDir?: string | undefined;
  readonly env: Env;
}

/** Where kubelet mounts a pod's service account. */
const SERVICE_ACCOUNT_DIR = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * Finds the way to the API server; the first that applies counts:
 * 1. `--kubeconfig FILE`;
 * 2. `--in-cluster-dir DIR`, a directory with the files of a service account;
 * 3. `KUBECONFIG`, one file;
 * 4. inside a pod (`KUBERNETES_SERVICE_HOST` is set), the pod's service account;
 * 5. `~/.kube/config`.
 */
export function loadKubeConfig({ kubeconfig, inClusterDir, env }: KubeConfigSource): KubeConfig {
  if (kubeconfig !== undefined && inClusterDir !== undefined) {
    throw new KubeConfigError(
      `--kubeconfig ${kubeconfig} and --in-cluster-dir ${inClusterDir} exclude each other: give only one of them`,
    );
  }
  if (kubeconfig !== undefined) return kubeConfigFromFile(kubeconfig, '--kubeconfig');
  if (inClusterDir !== undefined) return kubeConfigFromDirectory(inClusterDir, env);
  if (env['KUBECONFIG']) return kubeConfigFromFile(env['KUBECONFIG'], 'KUBECONFIG');
  if (env['KUBERNETES_SERVICE_HOST']) return kubeConfigFromDirectory(SERVICE_ACCOUNT_DIR, env);
  if (env['HOME']) return kubeConfigFromFile(join(env['HOME'], '.kube', 'config'), 'default kubeconfig');
  throw new KubeConfigError('no kubeconfig: give one with --kubeconfig FILE or KUBECONFIG=FILE');
}

/**
 * The configuration of a pod, read from a directory with the files `token`, `ca.crt` and (not required)
 * `namespace`, and from KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT. Token and CA are read again later.
 */
export function kubeConfigFromDirectory(dir: string, env: Env): KubeConfig {
  const server = serverFromEnv(dir, env);
  const tokenFile = join(dir, 'token');
  const caFile = join(dir, 'ca.crt');
  for (const file of [tokenFile, caFile]) {
    if (
      read(file, 'service account file', 'give a directory that holds one with --in-cluster-dir').trim() ===
      ''
    ) {
      throw new KubeConfigError(
        `service account file ${file}: it is empty; mount the service account's token and CA there`,
      );
    }
  }
  const config = new KubeConfig();
  config.addAuthenticator(tokenFileAuthenticator);
  const name = 'in-cluster';
  config.addCluster({ name, server, caFile, skipTLSVerify: false });
  config.addUser({ name, authProvider: { name: TOKEN_FILE, config: { path: tokenFile } } });
  const namespace = optional(join(dir, 'namespace'))?.trim();
  config.addContext({ name, cluster: name, user: name, ...(namespace ? { namespace } : {}) });
  config.setCurrentContext(name);
  return config;
}

const TOKEN_FILE = 'originca-token-file';

/** Reads the token each time it is asked: client-node's own keeps it for another minute. */
const tokenFileAuthenticator: Parameters<KubeConfig['addAuthenticator']>[0] = {
  isAuthProvider: (user) => tokenPath(user.authProvider) !== undefined,
  applyAuthentication: async (user, options) => {
    const path = tokenPath(user.authProvider);
    if (path === undefined) return;
    options.headers = { ...options.headers, Authorization: `Bearer ${readFileSync(path, 'utf8').trim()}` };
  },
};

function tokenPath(provider: unknown): string | undefined {
  const { name, config } = (provider ?? {}) as { name?: unknown; config?: { path?: unknown } };
  return name === TOKEN_FILE && typeof config?.path === 'string' ? config.path : undefined;
}

function serverFromEnv(dir: string, env: Env): string {
  const host = env['KUBERNETES_SERVICE_HOST'];
  const port = env['KUBERNETES_SERVICE_PORT'];
  for (const [name, value] of Object.entries({
    KUBERNETES_SERVICE_HOST: host,
    KUBERNETES_SERVICE_PORT: port,
  })) {
    if (!value) {
      throw new KubeConfigError(
        `${name} is not set: with --in-cluster-dir ${dir} it must name the API server, as in a pod`,
      );
    }
  }
  if (!/^[0-9]{1,5}$/.test(port ?? '')) {
    throw new KubeConfigError(
      `KUBERNETES_SERVICE_PORT is "${port ?? ''}": it must be a port number such as 443`,
    );
  }
  const url = `https://${isIPv6(host ?? '') ? `[${host ?? ''}]` : (host ?? '')}:${port ?? ''}`;
  if (!URL.canParse(url)) {
    throw new KubeConfigError(
      `KUBERNETES_SERVICE_HOST is "${host ?? ''}": it must be a host name or an IP address`,
    );
  }
  return url;
}

function kubeConfigFromFile(file: string, source: string): KubeConfig {
  const what = `${source} ${file}`;
  read(file, source, 'give an existing kubeconfig with --kubeconfig or KUBECONFIG');
  const config = new KubeConfig();
  try {
    config.loadFromFile(file);
  } catch (cause) {
    throw new KubeConfigError(`${what}: ${complaint(cause)}; see what \`kubectl config view\` says about it`);
  }
  checkContext(config, what);
  return config;
}

function checkContext(config: KubeConfig, what: string): void {
  const name: unknown = config.currentContext;
  if (typeof name !== 'string' || name === '') {
    throw new KubeConfigError(
      `${what}: it has no current-context; set one with \`kubectl config use-context NAME\``,
    );
  }
  const context = config.getContextObject(name);
  if (context === null) {
    const known = config.contexts.map((c) => c.name).join(', ') || 'none';
    throw new KubeConfigError(
      `${what}: its current-context "${name}" is not among its contexts (${known}); choose one with \`kubectl config use-context NAME\``,
    );
  }
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    throw new KubeConfigError(
      `${what}: context "${name}" names cluster "${context.cluster}", which is not in the file; add it with \`kubectl config set-cluster ${context.cluster}\``,
    );
  }
  if (config.getCurrentUser() === null) {
    throw new KubeConfigError(
      `${what}: context "${name}" names user "${context.user}", which is not in the file; add it with \`kubectl config set-credentials ${context.user}\``,
    );
  }
  if (!URL.canParse(cluster.server) || !cluster.server.startsWith('https://')) {
    throw new KubeConfigError(
      `${what}: cluster "${cluster.name}" has server "${cluster.server}"; it must be an https:// URL`,
    );
  }
  if (cluster.proxyUrl !== undefined) {
    throw new KubeConfigError(
      `${what}: cluster "${cluster.name}" has a proxy-url, which is not supported; use a direct address`,
    );
  }
}

/** What is wrong with a file's content, without quoting it: it may hold keys and tokens. */
function complaint(cause: unknown): string {
  const mark = (cause as { mark?: { line?: unknown } } | undefined)?.mark;
  if (typeof mark?.line === 'number') return `not valid YAML (line ${mark.line + 1})`;
  if (cause instanceof Error && /^[a-z]+\[\d+\]\.[a-z.]+ is missing$/.test(cause.message))
    return cause.message;
  return 'not a kubeconfig';
}

function read(file: string, what: string, remedy: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new KubeConfigError(`${what} ${file}: it ${unreadable(cause)}; ${remedy}`, { cause });
  }
}

function optional(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined; // Only its content matters, and only where there is one.
  }
}

function unreadable(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'ENOENT') return 'does not exist';
  if (code === 'EACCES') return 'may not be read by this user';
  if (code === 'EISDIR') return 'is a directory';
  return 'cannot be read';
}
