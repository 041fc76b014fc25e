import { describe, expect, test } from 'vitest';
import { type Config, ConfigError, flagTable, helpText, parseConfig } from '../../src/config.ts';

function config(argv: readonly string[], env: Record<string, string> = {}, isTty = false): Config {
  const invocation = parseConfig(argv, { env, isTty });
  if (invocation.action !== 'run') throw new Error(`asked for ${invocation.action}`);
  return invocation.config;
}

function problem(argv: readonly string[], env: Record<string, string> = {}): string {
  try {
    config(argv, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('accepted');
}

describe('without flags', () => {
  test('the operator runs with the defaults of the design', () => {
    expect(config([])).toEqual({
      kubeconfig: undefined,
      inClusterDir: undefined,
      watchNamespaces: [],
      clusterKinds: true,
      operatorNamespace: undefined,
      cloudflareBaseUrl: 'https://api.cloudflare.com/client/v4',
      cloudflareRate: 3,
      cloudflareBurst: 100,
      cloudflarePostTimeoutMs: 30_000,
      settleMs: 30_000,
      originCaRoots: undefined,
      originPullCa: undefined,
      zoneIntervalMs: 600_000,
      probeAllowCidrs: [],
      dnsServer: undefined,
      leaderElect: true,
      leaseDurationMs: 15_000,
      renewDeadlineMs: 10_000,
      retryPeriodMs: 2000,
      metricsAddress: { host: undefined, port: 8080 },
      logLevel: 'info',
      logFormat: 'json',
      concurrency: 32,
    });
  });

  test('the log is pretty on a terminal', () => {
    expect(config([], {}, true).logFormat).toBe('pretty');
    expect(config(['--log-format=json'], {}, true).logFormat).toBe('json');
  });

  test('nothing in the configuration can be changed', () => {
    const frozen = config(['--watch-namespaces=a']);
    expect([frozen, frozen.watchNamespaces, frozen.metricsAddress].every(Object.isFrozen)).toBe(true);
    expect(Object.isFrozen(config([]).metricsAddress)).toBe(true);
  });
});

describe('a flag', () => {
  test.each<[string[], Partial<Config>]>([
    [['--kubeconfig', '/a/b'], { kubeconfig: '/a/b' }],
    [['--in-cluster-dir=/c'], { inClusterDir: '/c' }],
    [['--watch-namespaces', 'a, b,a'], { watchNamespaces: ['a', 'b'], clusterKinds: false }],
    [['--watch-namespaces=a', '--cluster-kinds'], { watchNamespaces: ['a'], clusterKinds: true }],
    [['--operator-namespace=ops'], { operatorNamespace: 'ops' }],
    [
      ['--cloudflare-base-url=https://127.0.0.1:1/client/v4/'],
      { cloudflareBaseUrl: 'https://127.0.0.1:1/client/v4' },
    ],
    [['--cloudflare-base-url=http://localhost:1/v4'], { cloudflareBaseUrl: 'http://localhost:1/v4' }],
    [['--cloudflare-rate=0'], { cloudflareRate: 0 }],
    [['--cloudflare-rate=0.5'], { cloudflareRate: 0.5 }],
    [['--cloudflare-burst=1'], { cloudflareBurst: 1 }],
    [['--cloudflare-post-timeout=1m30s'], { cloudflarePostTimeoutMs: 90_000 }],
    [['--settle=0s'], { settleMs: 0 }],
    [['--origin-ca-roots=/r.pem'], { originCaRoots: '/r.pem' }],
    [['--origin-pull-ca=/p.pem'], { originPullCa: '/p.pem' }],
    [['--zone-interval=1s'], { zoneIntervalMs: 1000 }],
    [
      ['--probe-allow-cidr=127.0.0.0/8, ::1,10.1.2.3, ::1'],
      { probeAllowCidrs: ['127.0.0.0/8', '::1/128', '10.1.2.3/32'] },
    ],
    [['--dns-server=10.96.0.10'], { dnsServer: '10.96.0.10:53' }],
    [['--dns-server=127.0.0.1:5353'], { dnsServer: '127.0.0.1:5353' }],
    [['--dns-server=[fd00::a]:53'], { dnsServer: '[fd00::a]:53' }],
    [['--dns-server=fd00::a'], { dnsServer: '[fd00::a]:53' }],
    [['--no-leader-elect'], { leaderElect: false }],
    [['--leader-elect=false'], { leaderElect: false }],
    [['--no-leader-elect', '--leader-elect'], { leaderElect: true }],
    [
      ['--lease-duration=60s', '--renew-deadline=40s', '--retry-period=5s'],
      { leaseDurationMs: 60_000, renewDeadlineMs: 40_000, retryPeriodMs: 5000 },
    ],
    [['--metrics-address=127.0.0.1:0'], { metricsAddress: { host: '127.0.0.1', port: 0 } }],
    [['--metrics-address=[::1]:9090'], { metricsAddress: { host: '::1', port: 9090 } }],
    [['--log-level=debug'], { logLevel: 'debug' }],
    [['--log-format=pretty'], { logFormat: 'pretty' }],
    [['--concurrency=1', '--concurrency=8'], { concurrency: 8 }],
  ])('%j is read', (argv, expected) => {
    expect(config(argv)).toMatchObject(expected);
  });

  test.each<[string[], string]>([
    [
      ['--zone-interval=500ms'],
      '--zone-interval=500ms is not a duration: write hours, minutes and seconds, such as 30s or 1m30s.',
    ],
    [['--zone-interval=0s'], '--zone-interval=0s is too short: write at least 1s.'],
    [['--zones=a'], 'Unknown flag --zones: see --help for those there are.'],
    [['--setle=1s'], 'Unknown flag --setle: see --help for those there are.'],
    [['-v'], 'Unknown flag -v: see --help for those there are.'],
    [['run'], '"run" is not a flag: the operator takes flags only, see --help.'],
    [['--settle'], '--settle needs a value: write --settle=VALUE, or leave it out.'],
    [['--settle='], '--settle needs a value: write --settle=VALUE, or leave it out.'],
    [
      ['--kubeconfig', '--log-level=info'],
      '--kubeconfig needs a value: write --kubeconfig=VALUE, or leave it out.',
    ],
    [['--no-settle'], '--no-settle makes no sense: only switches can be turned off, see --help.'],
    [['--leader-elect=maybe'], '--leader-elect=maybe is neither true nor false: write one of them.'],
    [
      ['--settle=1 month'],
      '--settle=1 month is not a duration: write hours, minutes and seconds, such as 30s or 1m30s.',
    ],
    [
      ['--settle=-5s'],
      '--settle=-5s is not a duration: write hours, minutes and seconds, such as 30s or 1m30s.',
    ],
    [['--cloudflare-post-timeout=0s'], '--cloudflare-post-timeout=0s is too short: write at least 1s.'],
    [['--cloudflare-rate=-1'], '--cloudflare-rate=-1 is not a number from 0 to 1000: write one, such as 3.'],
    [
      ['--cloudflare-rate', 'fast'],
      '--cloudflare-rate=fast is not a number from 0 to 1000: write one, such as 3.',
    ],
    [
      ['--cloudflare-burst=2.5'],
      '--cloudflare-burst=2.5 is not a whole number from 1 to 100000: write one, such as 100.',
    ],
    [['--concurrency=0'], '--concurrency=0 is not a whole number from 1 to 1000: write one, such as 32.'],
    [['--concurrency=1e3'], '--concurrency=1e3 is not a whole number from 1 to 1000: write one, such as 32.'],
    [
      ['--metrics-address=8080'],
      '--metrics-address=8080 is not an address to listen on: write host:port, such as :8080 or 127.0.0.1:8080.',
    ],
    [
      ['--metrics-address=:99999'],
      '--metrics-address=:99999 is not an address to listen on: write host:port, such as :8080 or 127.0.0.1:8080.',
    ],
    [
      ['--log-level=loud'],
      '--log-level=loud is unknown: write one of trace, debug, info, warn, error, fatal.',
    ],
    [['--log-format=xml'], '--log-format=xml is unknown: write one of json, pretty.'],
    [
      ['--cloudflare-base-url=api.cloudflare.com'],
      '--cloudflare-base-url=api.cloudflare.com is not an https URL: write one, such as https://api.cloudflare.com/client/v4.',
    ],
    [
      ['--cloudflare-base-url=http://api.cloudflare.com/client/v4'],
      '--cloudflare-base-url=http://api.cloudflare.com/client/v4 would send API tokens unencrypted: write https.',
    ],
    [
      ['--cloudflare-base-url=https://x/v4?a=1'],
      '--cloudflare-base-url=https://x/v4?a=1 has a query or a fragment: leave it out.',
    ],
    ...['127.0.0.0/33', '::/129', 'localhost/8', '10.0.0', '', '10.0.0.0/'].map(
      (range): [string[], string] => [
        [`--probe-allow-cidr=127.0.0.1,${range}`],
        `--probe-allow-cidr=127.0.0.1,${range} has "${range}", which is no range of addresses: write such as 10.0.0.0/8 or fd00::/8, separated by commas.`,
      ],
    ),
    ...['kube-dns:53', '10.0.0.10:0', '10.0.0.10:65536', '10.0.0:53', '[10.0.0.1]:53', '::1:53:x'].map(
      (address): [string[], string] => [
        [`--dns-server=${address}`],
        `--dns-server=${address} is not the address of a server: write such as 10.96.0.10, 10.96.0.10:53 or [::1]:53.`,
      ],
    ),
    [
      ['--watch-namespaces=a,B'],
      '--watch-namespaces=a,B has "B", which is not the name of a namespace: write lower-case letters, digits and hyphens, separated by commas.',
    ],
    [
      ['--operator-namespace=a/b'],
      '--operator-namespace=a/b is not the name of a namespace: write lower-case letters, digits and hyphens.',
    ],
    [
      ['--kubeconfig=/k', '--in-cluster-dir=/d'],
      '--kubeconfig=/k and --in-cluster-dir=/d exclude each other: give only one of them.',
    ],
    [
      ['--cluster-kinds'],
      '--cluster-kinds says nothing without --watch-namespaces, as all kinds are served then: leave it out, or name the namespaces.',
    ],
    [
      ['--renew-deadline=15s'],
      '--renew-deadline=15s is not below --lease-duration=15s: two processes could act at once; lower the first or raise the second.',
    ],
    [
      ['--retry-period=9s'],
      '--retry-period=9s does not fit 1.2 times into --renew-deadline=10s: one failed try would lose the Lease; lower the first or raise the second.',
    ],
  ])('%j is refused in one sentence', (argv, sentence) => {
    expect(problem(argv)).toBe(sentence);
  });

  test('that carries a password is refused without showing it', () => {
    const sentence = problem(['--cloudflare-base-url=https://user:hunter2@x/v4']);
    expect(sentence).toBe(
      '--cloudflare-base-url carries a user name or password: leave it out, tokens belong into Secrets.',
    );
  });
});

describe('a variable', () => {
  test('sets what its flag sets, and the flag wins', () => {
    expect(config([], { ORIGINCA_LOG_LEVEL: 'warn', ORIGINCA_LEADER_ELECT: 'false' })).toMatchObject({
      logLevel: 'warn',
      leaderElect: false,
    });
    expect(config(['--log-level=error'], { ORIGINCA_LOG_LEVEL: 'warn' }).logLevel).toBe('error');
  });

  test('that is empty is absent', () => {
    expect(config([], { ORIGINCA_SETTLE: '', ORIGINCA_WATCH_NAMESPACES: '' })).toMatchObject({
      settleMs: 30_000,
      watchNamespaces: [],
    });
  });

  test('that is wrong is named itself, not its flag', () => {
    expect(problem([], { ORIGINCA_SETTLE: '5x' })).toBe(
      'ORIGINCA_SETTLE=5x is not a duration: write hours, minutes and seconds, such as 30s or 1m30s.',
    );
  });

  test('exists for every flag but help and version', () => {
    const variables = flagTable()
      .filter(({ flag }) => flag !== '--help' && flag !== '--version')
      .map(({ variable }) => variable);
    expect(variables).toContain('ORIGINCA_CLOUDFLARE_POST_TIMEOUT');
    expect(variables.every((name) => /^ORIGINCA_[A-Z_]+$/.test(name))).toBe(true);
    expect(parseConfig([], { env: { ORIGINCA_HELP: 'true' }, isTty: false }).action).toBe('run');
  });

  test('that Kubernetes makes for a Service named originca is left alone', () => {
    expect(
      config([], { ORIGINCA_SERVICE_HOST: '10.0.0.1', ORIGINCA_PORT: 'tcp://10.0.0.1:80' }).settleMs,
    ).toBe(30_000);
  });
});

describe('help and version', () => {
  test.each([
    [['--help'], 'help'],
    [['--version'], 'version'],
    [['--version', '--help', '--settle=5x'], 'help'],
  ])('%j is %s', (argv, action) => {
    expect(parseConfig(argv, { env: {}, isTty: false }).action).toBe(action);
  });

  test('the help names every flag with its default', () => {
    const text = helpText();
    for (const { flag, meaning, fallback } of flagTable()) {
      const line = text.split('\n').find((candidate) => candidate.trimStart().startsWith(`${flag} `));
      expect(line).toContain(meaning);
      expect(line).toContain(fallback);
    }
  });
});
