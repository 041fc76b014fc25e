import { formatDuration, parseDuration } from './api/duration.ts';
import { type ListenAddress, parseAddress } from './telemetry/address.ts';

/** One flag: how it is written, what it defaults to, how its text is read. The table below is also the help. */
export interface Flag<Value> {
  /** What stands for the value in the help; '' for a switch. */
  readonly placeholder: string;
  readonly fallback: Value;
  /** The default as the help prints it. */
  readonly shown: string;
  readonly help: string;
  /** The value of `text`, or the end of a sentence that says what is wrong with it and what to write. */
  readonly parse: (text: string) => Parsed<Value>;
}

export type Parsed<Value> = { readonly value: Value } | { readonly problem: string };

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
const LOG_FORMATS = ['json', 'pretty'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export type LogFormat = (typeof LOG_FORMATS)[number];

export const CLOUDFLARE_BASE_URL = 'https://api.cloudflare.com/client/v4';

/** Every flag, in the order of the help. */
export const FLAGS = {
  kubeconfig: text('FILE', "kubeconfig to use; else KUBECONFIG, the pod's service account, ~/.kube/config"),
  'in-cluster-dir': text('DIR', 'directory with token, ca.crt and namespace, in place of the one a pod has'),
  'watch-namespaces': namespaces('NAMES', 'namespaces to serve, separated by commas; empty: all of them'),
  'cluster-kinds': toggle(
    false,
    'serve ClusterOriginIssuer too although --watch-namespaces is set (needs a ClusterRole)',
  ),
  'operator-namespace': namespace(
    'NAME',
    "where the Lease and the tokens of cluster issuers are; else the pod's own",
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

/** The environment variable that sets a flag: `--log-level` is `ORIGINCA_LOG_LEVEL`. */
export function variableOf(name: FlagName): string {
  return `ORIGINCA_${name.toUpperCase().replaceAll('-', '_')}`;
}

function text(placeholder: string, help: string): Flag<string | undefined> {
  return { placeholder, fallback: undefined, shown: '', help, parse: (value) => ({ value }) };
}

const TRUE = new Set(['true', '1']);
const FALSE = new Set(['false', '0']);

function toggle(fallback: boolean, help: string): Flag<boolean> {
  return {
    placeholder: '',
    fallback,
    shown: fallback ? 'true' : '',
    help,
    parse: (value) => {
      if (TRUE.has(value)) return { value: true };
      return FALSE.has(value)
        ? { value: false }
        : { problem: 'is neither true nor false: write one of them' };
    },
  };
}

interface Range {
  readonly min: number;
  readonly max: number;
  readonly whole?: boolean;
}

function number({ min, max, whole = false }: Range, fallback: number, help: string): Flag<number> {
  const kind = whole ? 'a whole number' : 'a number';
  return {
    placeholder: 'N',
    fallback,
    shown: String(fallback),
    help,
    parse: (value) => {
      const parsed = (whole ? /^[0-9]+$/ : /^[0-9]+(?:\.[0-9]+)?$/).test(value) ? Number(value) : Number.NaN;
      const fits = parsed >= min && parsed <= max;
      return fits
        ? { value: parsed }
        : { problem: `is not ${kind} from ${min} to ${max}: write one, such as ${fallback}` };
    },
  };
}

function duration({ minMs }: { readonly minMs: number }, fallback: number, help: string): Flag<number> {
  const least = formatDuration(minMs);
  return {
    placeholder: 'DURATION',
    fallback,
    shown: formatDuration(fallback),
    help,
    parse: (value) => {
      const ms = parseDuration(value);
      if (ms === undefined)
        return { problem: 'is not a duration: write hours, minutes and seconds, such as 30s or 1m30s' };
      return ms >= minMs ? { value: ms } : { problem: `is too short: write at least ${least}` };
    },
  };
}

function oneOf<Word extends string>(
  placeholder: string,
  words: readonly Word[],
  fallback: Word,
  help: string,
): Flag<Word> {
  return { placeholder, fallback, shown: fallback, help, parse: (value) => pick(value, words) };
}

function optionalOneOf<Word extends string>(
  placeholder: string,
  words: readonly Word[],
  shown: string,
  help: string,
): Flag<Word | undefined> {
  return { placeholder, fallback: undefined, shown, help, parse: (value) => pick(value, words) };
}

function pick<Word extends string>(value: string, words: readonly Word[]): Parsed<Word> {
  const word = words.find((candidate) => candidate === value);
  return word === undefined ? { problem: `is unknown: write one of ${words.join(', ')}` } : { value: word };
}

const NAMESPACE = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const NO_NAMESPACE = 'is not the name of a namespace: write lower-case letters, digits and hyphens';

function namespace(placeholder: string, help: string): Flag<string | undefined> {
  const parse = (value: string): Parsed<string> =>
    NAMESPACE.test(value) ? { value } : { problem: NO_NAMESPACE };
  return { placeholder, fallback: undefined, shown: '', help, parse };
}

function namespaces(placeholder: string, help: string): Flag<readonly string[]> {
  return {
    placeholder,
    fallback: Object.freeze([]),
    shown: '',
    help,
    parse: (value) => {
      const names = value.split(',').map((name) => name.trim());
      const wrong = names.find((name) => !NAMESPACE.test(name));
      if (wrong !== undefined)
        return { problem: `has "${wrong}", which ${NO_NAMESPACE}, separated by commas` };
      return { value: Object.freeze([...new Set(names)]) };
    },
  };
}

function address(fallback: ListenAddress, help: string): Flag<ListenAddress> {
  const parse = (value: string): Parsed<ListenAddress> => {
    const parsed = parseAddress(value);
    if (parsed !== undefined) return { value: Object.freeze(parsed) };
    return { problem: 'is not an address to listen on: write host:port, such as :8080 or 127.0.0.1:8080' };
  };
  const shown = `${fallback.host ?? ''}:${fallback.port}`;
  return { placeholder: 'ADDRESS', fallback: Object.freeze(fallback), shown, help, parse };
}

const LOOPBACK = /^(?:localhost|127(?:\.[0-9]+){3}|\[::1\])$/;

function baseUrl(fallback: string, help: string): Flag<string> {
  const parse = (value: string): Parsed<string> => {
    const url = URL.parse(value);
    if (url === null || !/^https?:$/.test(url.protocol))
      return { problem: `is not an https URL: write one, such as ${fallback}` };
    if (url.search !== '' || url.hash !== '') return { problem: 'has a query or a fragment: leave it out' };
    if (url.protocol === 'http:' && !LOOPBACK.test(url.hostname)) {
      return { problem: 'would send API tokens unencrypted: write https' };
    }
    return { value: value.replace(/\/+$/, '') };
  };
  return { placeholder: 'URL', fallback, shown: fallback, help, parse };
}
