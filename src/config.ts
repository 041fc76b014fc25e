import { parseArgs } from 'node:util';
import { formatDuration } from './api/duration.ts';
import {
  type FlagName,
  FLAGS,
  type FlagValue,
  type LogFormat,
  type LogLevel,
  strangeVariables,
  variableOf,
} from './flags.ts';
import type { ListenAddress } from './telemetry/address.ts';

/** What the operator runs with. Frozen; times in milliseconds. */
export interface Config {
  readonly kubeconfig: string | undefined;
  readonly inClusterDir: string | undefined;
  /** Empty: all namespaces. */
  readonly watchNamespaces: readonly string[];
  /** Whether ClusterOriginIssuers, with their namespace selectors, and OriginZones are served. */
  readonly clusterKinds: boolean;
  /** Undefined: the namespace of the pod, or of the kubeconfig's context. */
  readonly operatorNamespace: string | undefined;
  /** Without a trailing slash. */
  readonly cloudflareBaseUrl: string;
  /** Requests per second; 0: no limit. */
  readonly cloudflareRate: number;
  readonly cloudflareBurst: number;
  readonly cloudflarePostTimeoutMs: number;
  readonly settleMs: number;
  /** Undefined: Cloudflare's own roots, built in. */
  readonly originCaRoots: string | undefined;
  /** Undefined: the built-in CA of Cloudflare's shared client certificate. */
  readonly originPullCa: string | undefined;
  /** Between two readings of a zone's SSL mode. */
  readonly zoneIntervalMs: number;
  /** As `address/bits`: knocked at although the address guard would refuse. */
  readonly probeAllowCidrs: readonly string[];
  /** `address:port`, an IPv6 address in brackets. Undefined: the machine's resolver. */
  readonly dnsServer: string | undefined;
  readonly leaderElect: boolean;
  readonly leaseDurationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
  readonly metricsAddress: ListenAddress;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  readonly concurrency: number;
}

/** What the command line asks for. */
export type Invocation =
  | {
      readonly action: 'run';
      readonly config: Config;
      /** Names of variables that look like a flag's and set none: a warning, since others may give them to a pod. */
      readonly strangeVariables: readonly string[];
    }
  | { readonly action: 'help' }
  | { readonly action: 'version' };

/** A flag or variable that cannot be used: one sentence with its name, its value and the remedy. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether the log goes to a terminal. */
  readonly isTty: boolean;
}

/** Where a value came from, as a message names it, and its text. */
interface Given {
  readonly source: string;
  readonly text: string;
}

/**
 * Reads the command line and the environment. A flag wins over its variable, the last of two equal flags counts,
 * and an empty variable is an absent one. Throws a ConfigError.
 */
export function parseConfig(argv: readonly string[], { env, isTty }: Surroundings): Invocation {
  const given = { ...fromEnvironment(env), ...fromArguments(argv) };
  const read = <Name extends FlagName>(name: Name): FlagValue<Name> => valueOf(name, given[name]);
  if (read('help')) return { action: 'help' };
  if (read('version')) return { action: 'version' };
  const watchNamespaces = read('watch-namespaces');
  const config: Config = {
    kubeconfig: read('kubeconfig'),
    inClusterDir: read('in-cluster-dir'),
    watchNamespaces,
    clusterKinds: watchNamespaces.length === 0 || read('cluster-kinds'),
    operatorNamespace: read('operator-namespace'),
    cloudflareBaseUrl: read('cloudflare-base-url'),
    cloudflareRate: read('cloudflare-rate'),
    cloudflareBurst: read('cloudflare-burst'),
    cloudflarePostTimeoutMs: read('cloudflare-post-timeout'),
    settleMs: read('settle'),
    originCaRoots: read('origin-ca-roots'),
    originPullCa: read('origin-pull-ca'),
    zoneIntervalMs: read('zone-interval'),
    probeAllowCidrs: read('probe-allow-cidr'),
    dnsServer: read('dns-server'),
    leaderElect: read('leader-elect'),
    leaseDurationMs: read('lease-duration'),
    renewDeadlineMs: read('renew-deadline'),
    retryPeriodMs: read('retry-period'),
    metricsAddress: read('metrics-address'),
    logLevel: read('log-level'),
    logFormat: read('log-format') ?? (isTty ? 'pretty' : 'json'),
    concurrency: read('concurrency'),
  };
  refuseContradictions(config, read('cluster-kinds'));
  return { action: 'run', config: Object.freeze(config), strangeVariables: strangeVariables(env) };
}

/** The flags as `--help` and the README print them. */
export function flagTable(): readonly {
  flag: string;
  variable: string;
  fallback: string;
  meaning: string;
}[] {
  return flagNames().map((name) => {
    const { placeholder, shown, help } = FLAGS[name];
    const isAction = name === 'help' || name === 'version';
    return {
      flag: placeholder === '' ? `--${name}` : `--${name} ${placeholder}`,
      variable: isAction ? '' : variableOf(name),
      fallback: shown,
      meaning: help,
    };
  });
}

/** What `--help` prints. */
export function helpText(): string {
  const rows = flagTable();
  const width = Math.max(...rows.map(({ flag }) => flag.length)) + 2;
  const lines = rows.map(({ flag, meaning, fallback }) => {
    return `  ${flag.padEnd(width)}${meaning}${fallback === '' ? '' : ` (default: ${fallback})`}`;
  });
  return [
    'Keeps Cloudflare Origin CA certificates in Kubernetes TLS Secrets.',
    '',
    'Usage: origin-ca-operator [flags]',
    '',
    ...lines,
    '',
    'Every flag can be set by a variable as well: --log-level by ORIGINCA_LOG_LEVEL, and so on. A flag wins.',
    'Durations are written in hours, minutes and seconds: 30s, 1m30s, 720h.',
    '',
  ].join('\n');
}

function fromEnvironment(env: Surroundings['env']): Partial<Record<FlagName, Given>> {
  const given: Partial<Record<FlagName, Given>> = {};
  for (const name of flagNames()) {
    const text = env[variableOf(name)];
    const isAction = name === 'help' || name === 'version';
    if (text !== undefined && text !== '' && !isAction) given[name] = { source: variableOf(name), text };
  }
  return given;
}

function fromArguments(argv: readonly string[]): Partial<Record<FlagName, Given>> {
  const options = Object.fromEntries(
    flagNames().map((name) => [name, { type: isSwitch(name) ? ('boolean' as const) : ('string' as const) }]),
  );
  const { tokens } = parseArgs({
    args: [...argv],
    options,
    strict: false,
    tokens: true,
    allowNegative: true,
  });
  const given: Partial<Record<FlagName, Given>> = {};
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') {
      throw new ConfigError(`"${token.value}" is not a flag: the operator takes flags only, see --help.`);
    }
    const name = flagNames().find((known) => known === token.name);
    if (name === undefined)
      throw new ConfigError(`Unknown flag ${token.rawName}: see --help for those there are.`);
    given[name] = { source: `--${name}`, text: isSwitch(name) ? switchText(token) : valueText(token) };
  }
  return given;
}

interface OptionToken {
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

/** `--leader-elect`, `--leader-elect=false` and `--no-leader-elect` are all in use. */
function switchText({ rawName, value }: OptionToken): string {
  return rawName.startsWith('--no-') ? 'false' : (value ?? 'true');
}

function valueText({ rawName, value, inlineValue }: OptionToken): string {
  if (rawName.startsWith('--no-')) {
    throw new ConfigError(`${rawName} makes no sense: only switches can be turned off, see --help.`);
  }
  const swallowedFlag = inlineValue === false && value?.startsWith('--') === true;
  if (value === undefined || value === '' || swallowedFlag) {
    throw new ConfigError(`${rawName} needs a value: write ${rawName}=VALUE, or leave it out.`);
  }
  return value;
}

function valueOf<Name extends FlagName>(name: Name, given: Given | undefined): FlagValue<Name> {
  // The table ties the name to the type of its value; the compiler cannot follow a name that is a variable.
  const flag = FLAGS[name];
  if (given === undefined) return flag.fallback as FlagValue<Name>;
  if (URL.parse(given.text)?.username) {
    throw new ConfigError(
      `${given.source} carries a user name or password: leave it out, tokens belong into Secrets.`,
    );
  }
  const parsed = flag.parse(given.text);
  if ('problem' in parsed) throw new ConfigError(`${given.source}=${given.text} ${parsed.problem}.`);
  return parsed.value as FlagValue<Name>;
}

/** client-go's rule: a retry is drawn out by up to this, and must still fit before the deadline. */
const RETRY_JITTER = 1.2;

function refuseContradictions(config: Config, clusterKindsAsked: boolean): void {
  const { kubeconfig, inClusterDir, leaseDurationMs, renewDeadlineMs, retryPeriodMs, watchNamespaces } =
    config;
  if (kubeconfig !== undefined && inClusterDir !== undefined) {
    throw new ConfigError(
      `--kubeconfig=${kubeconfig} and --in-cluster-dir=${inClusterDir} exclude each other: give only one of them.`,
    );
  }
  if (clusterKindsAsked && watchNamespaces.length === 0) {
    throw new ConfigError(
      '--cluster-kinds says nothing without --watch-namespaces, as all kinds are served then: leave it out, or name the namespaces.',
    );
  }
  if (renewDeadlineMs >= leaseDurationMs) {
    throw new ConfigError(
      `--renew-deadline=${formatDuration(renewDeadlineMs)} is not below --lease-duration=${formatDuration(leaseDurationMs)}: two processes could act at once; lower the first or raise the second.`,
    );
  }
  if (retryPeriodMs * RETRY_JITTER >= renewDeadlineMs) {
    throw new ConfigError(
      `--retry-period=${formatDuration(retryPeriodMs)} does not fit ${RETRY_JITTER} times into --renew-deadline=${formatDuration(renewDeadlineMs)}: one failed try would lose the Lease; lower the first or raise the second.`,
    );
  }
}

function isSwitch(name: FlagName): boolean {
  return FLAGS[name].placeholder === '';
}

function flagNames(): readonly FlagName[] {
  return Object.keys(FLAGS) as FlagName[]; // Object.keys is typed for objects that may have more keys than named.
}
