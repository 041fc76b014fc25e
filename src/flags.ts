import {
  address,
  baseUrl,
  duration,
  namespace,
  namespaces,
  number,
  oneOf,
  optionalOneOf,
  ranges,
  server,
  text,
  toggle,
} from './flag-kinds.ts';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
const LOG_FORMATS = ['json', 'pretty'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export type LogFormat = (typeof LOG_FORMATS)[number];

const CLOUDFLARE_BASE_URL = 'https://api.cloudflare.com/client/v4';

/** Every flag, in the order of the help. */
export const FLAGS = {
  kubeconfig: text('FILE', "kubeconfig to use; else KUBECONFIG, the pod's service account, ~/.kube/config"),
  'in-cluster-dir': text('DIR', 'directory with token, ca.crt and namespace, in place of the one a pod has'),
  'watch-namespaces': namespaces(
    'NAMES',
    'namespaces to serve, separated by commas, without the cluster kinds; empty: all of them',
  ),
  'cluster-kinds': toggle(
    false,
    'serve ClusterOriginIssuer and OriginZone too although --watch-namespaces is set (needs a ClusterRole)',
  ),
  'operator-namespace': namespace(
    'NAME',
    "of the Lease and the cluster kinds' tokens; else the pod's, the kubeconfig context's, originca-system",
  ),
  'cloudflare-base-url': baseUrl(CLOUDFLARE_BASE_URL, "Cloudflare's API"),
  'cloudflare-rate': number(
    { min: 0, max: 1000 },
    3,
    'requests per second in the long run, all tokens together; 0: no limit',
  ),
  'cloudflare-burst': number({ min: 1, max: 100_000, whole: true }, 100, 'requests at once after a rest'),
  'cloudflare-post-timeout': duration(
    { minMs: 1000 },
    30_000,
    'how long a certificate may take to be issued; 1s per hostname is added',
  ),
  settle: duration(
    { minMs: 0 },
    30_000,
    'how long after a lost answer Cloudflare may still store a certificate',
  ),
  'origin-ca-roots': text(
    'FILE',
    "PEM file of the roots to trust, in place of Cloudflare's two Origin CA roots",
  ),
  'origin-pull-ca': text(
    'FILE',
    "PEM file of the CA behind Cloudflare's shared client certificate, in place of the built-in one",
  ),
  'zone-interval': duration(
    { minMs: 1000 },
    600_000,
    "between two readings of a zone's SSL mode; longer where the budget asks for it",
  ),
  'probe-allow-cidr': ranges(
    'RANGES',
    'addresses to knock at although they are loopback, link-local or metadata, separated by commas',
  ),
  'dns-server': server('ADDRESS', "DNS server that tells origins' addresses; else the machine's own"),
  'leader-elect': toggle(true, 'act only while holding the Lease; --no-leader-elect for a single process'),
  'lease-duration': duration({ minMs: 1000 }, 15_000, 'how long others wait before they take over the Lease'),
  'renew-deadline': duration(
    { minMs: 1000 },
    10_000,
    'how long the leader goes on without renewing; less than --lease-duration',
  ),
  'retry-period': duration({ minMs: 1000 }, 2000, 'between two tries to get or renew the Lease'),
  'metrics-address': address(
    { host: undefined, port: 8080 },
    'where /metrics, /healthz and /readyz are served',
  ),
  'log-level': oneOf('LEVEL', LOG_LEVELS, 'info', `least level to log: ${LOG_LEVELS.join(', ')}`),
  'log-format': optionalOneOf('FORMAT', LOG_FORMATS, 'pretty on a terminal, else json', 'json or pretty'),
  concurrency: number({ min: 1, max: 1000, whole: true }, 32, 'certificates worked on at once'),
  help: toggle(false, 'print this and exit'),
  version: toggle(false, 'print the version and exit'),
} as const;

export type FlagName = keyof typeof FLAGS;
export type FlagValue<Name extends FlagName> = (typeof FLAGS)[Name]['fallback'];

const VARIABLE_PREFIX = 'ORIGINCA_';

/** The environment variable that sets a flag: `--log-level` is `ORIGINCA_LOG_LEVEL`. */
export function variableOf(name: FlagName): string {
  return `${VARIABLE_PREFIX}${name.toUpperCase().replaceAll('-', '_')}`;
}

/** What Kubernetes gives a pod for a Service, say `originca-shop`, of its namespace: nobody mistyped that. */
const SERVICE_LINK =
  /_SERVICE_HOST$|_SERVICE_PORT(?:_[A-Z0-9_]+)?$|_PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?$/;

/** Variables that look like a flag's and set none, sorted: most likely mistyped. */
export function strangeVariables(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const names = Object.keys(FLAGS) as FlagName[]; // Object.keys is typed for objects that may have more keys than named.
  const known = new Set<string>(names.map(variableOf));
  return Object.keys(env)
    .filter((name) => name.startsWith(VARIABLE_PREFIX) && !known.has(name) && !SERVICE_LINK.test(name))
    .toSorted();
}
