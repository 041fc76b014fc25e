import { spawnSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const OXLINT = join(ROOT, 'node_modules', 'oxlint', 'bin', 'oxlint');
const RULE = 'eslint(no-restricted-imports)';

/** What oxlint prints with `--format json`. */
interface Findings {
  readonly number_of_files: number;
  readonly diagnostics: readonly { readonly code: string; readonly filename: string }[];
}

function lint(dir: string, ...paths: string[]): Findings {
  const { stdout, stderr } = spawnSync(process.execPath, [OXLINT, '--format', 'json', ...paths], {
    cwd: dir,
    encoding: 'utf8',
  });
  if (!stdout.startsWith('{')) throw new Error(`oxlint said: ${stdout}${stderr}`);
  return JSON.parse(stdout) as Findings;
}

/** From where, and what it imports. */
type Import = readonly [file: string, source: string];

/** Every pair of one of the files and one of the sources. */
function each(files: readonly string[], sources: readonly string[]): Import[] {
  return files.flatMap((file) => sources.map((source): Import => [file, source]));
}

const HELD = [
  'known-certificates.ts',
  'resources.ts',
  'secret-facts.ts',
  'sessions.ts',
  'stores.ts',
  'token-secret.ts',
];
const WIRING = [
  'wakers',
  'certificate-wiring',
  'zone-wiring',
  'work-queues',
  'workers',
  'controllers',
  'election',
  'running',
  'operator',
  'main',
  'config',
  'reach',
  'series',
];
const ROOMS = ['certificate/act.ts', 'issuer/act.ts', 'slow-check/controller.ts', 'zone/act.ts'];
const above = [...ROOMS, ...WIRING.map((name) => `${name}.ts`)];
/** As a file in a folder of `src` writes it. */
const up = (paths: readonly string[]): string[] => paths.map((path) => `../${path}`);
/** As a file in `src` itself writes it. */
const beside = (paths: readonly string[]): string[] => paths.map((path) => `./${path}`);

const REFUSED: readonly Import[] = [
  ...each(
    ['src/api/a.ts', 'src/pki/a.ts'],
    up([...above, ...HELD, 'alarm.ts', 'clock.ts', 'kube/b.ts', 'telemetry/b.ts']),
  ),
  ...each(['src/api/a.ts'], up(['pki/b.ts', 'cloudflare/b.ts'])),
  ...each(['src/pki/a.ts'], up(['api/b.ts', 'cloudflare/b.ts'])),
  ...each(
    ['src/kube/a.ts', 'src/cloudflare/a.ts', 'src/probe/a.ts'],
    [...up([...above, ...HELD, 'version.ts', 'telemetry/b.ts']), 'pino', 'prom-client'],
  ),
  ...each(['src/kube/a.ts'], up(['cloudflare/b.ts', 'probe/b.ts'])),
  ...each(['src/cloudflare/a.ts'], up(['kube/b.ts', 'probe/b.ts'])),
  ...each(['src/probe/a.ts'], up(['kube/b.ts', 'cloudflare/b.ts'])),
  ...each(['src/zone/pulls/a.ts'], ['../../certificate/b.ts', '../../issuer/b.ts', '../../operator.ts']),
  ...each(['src/telemetry/a.ts'], up([...above, ...HELD, 'kube/b.ts', 'cloudflare/client.ts'])),
  ...each(
    ['src/certificate/a.ts', 'src/issuer/a.ts', 'src/slow-check/a.ts', 'src/zone/a.ts'],
    up(above),
  ).filter(([file, source]) => file.split('/')[1] !== source.split('/')[1]),
  ...each(
    HELD.map((name) => `src/${name}`),
    beside([...above, 'telemetry/b.ts']),
  ),
  ...each(
    [
      'src/alarm.ts',
      'src/body.ts',
      'src/clock.ts',
      'src/fence.ts',
      'src/turns.ts',
      'src/version.ts',
      'src/start-error.ts',
      'src/problem.ts',
    ],
    beside(['api/names.ts', 'config.ts']),
  ),
  ...each(
    ['src/config.ts', 'src/flags.ts', 'src/flag-kinds.ts'],
    beside(['kube/config.ts', 'telemetry/metrics.ts', 'operator.ts']),
  ),
  ...each(['src/wakers.ts'], beside(['controllers.ts', 'telemetry/metrics.ts', 'operator.ts'])),
  ...each(
    [
      'src/controllers.ts',
      'src/certificate-wiring.ts',
      'src/zone-wiring.ts',
      'src/work-queues.ts',
      'src/workers.ts',
    ],
    beside(['operator.ts', 'election.ts', 'running.ts', 'main.ts']),
  ),
  ...each(['src/operator.ts', 'src/running.ts', 'src/election.ts'], ['./main.ts']),
  ...each(['src/main.ts'], beside(['certificate/controller.ts', 'controllers.ts', 'running.ts'])),
  ...each(
    [
      'api',
      'pki',
      'kube',
      'cloudflare',
      'probe',
      'telemetry',
      'certificate',
      'issuer',
      'slow-check',
      'zone',
    ].map((name) => `src/${name}/a.ts`),
    ['../../test/support/wait.ts'],
  ),
  ...each(
    ['alarm', 'clock', 'stores', 'config', 'wakers', 'controllers', 'operator', 'main'].map(
      (name) => `src/${name}.ts`,
    ),
    ['../test/support/wait.ts'],
  ),
  ...each(
    ['simulator', 'programs', 'proxy'].map((name) => `test/${name}/a.ts`),
    ['../../src/kube/client.ts'],
  ),
  ['test/simulator/api/a.ts', '../../../src/pki/keys.ts'],
];

const ALLOWED: readonly Import[] = [
  ['src/api/a.ts', './names.ts'],
  ['src/kube/a.ts', '../api/names.ts'],
  ['src/kube/a.ts', '../clock.ts'],
  ['src/alarm.ts', './clock.ts'],
  ...each(['src/kube/a.ts', 'src/probe/a.ts', 'src/certificate/a.ts'], ['../alarm.ts']),
  ...each(['src/kube/a.ts', 'src/cloudflare/a.ts'], ['../body.ts', '../fence.ts']),
  ...each(['src/kube/a.ts', 'src/telemetry/a.ts'], ['../turns.ts']),
  ['src/kube/a.ts', 'undici'],
  ['src/cloudflare/a.ts', '../pki/keys.ts'],
  ['src/telemetry/a.ts', '../cloudflare/operation.ts'],
  ['src/telemetry/a.ts', 'pino'],
  ['src/certificate/a.ts', '../kube/client.ts'],
  ['src/certificate/a.ts', '../stores.ts'],
  ['src/issuer/a.ts', '../sessions.ts'],
  ...each(['src/issuer/a.ts', 'src/zone/a.ts'], ['../token-secret.ts']),
  ...each(['src/certificate/a.ts', 'src/zone/a.ts'], ['../probe/board.ts']),
  ['src/probe/a.ts', '../pki/chain.ts'],
  ['src/zone/pulls/a.ts', '../concern.ts'],
  ['src/zone/pulls/a.ts', '../../cloudflare/zone-client.ts'],
  ['src/stores.ts', './kube/reflector.ts'],
  ['src/stores.ts', './sessions.ts'],
  ['src/version.ts', '../package.json'],
  ['src/config.ts', './flags.ts'],
  ['src/flags.ts', './flag-kinds.ts'],
  ['src/wakers.ts', './certificate/subject.ts'],
  ['src/controllers.ts', './certificate/controller.ts'],
  ['src/operator.ts', './controllers.ts'],
  ['src/main.ts', './operator.ts'],
  ['test/unit/a.ts', '../../src/kube/client.ts'],
];

describe('the import rules of the house', () => {
  const cases = [...REFUSED, ...ALLOWED];
  let dir: string;
  let linted: number;
  let refused: readonly Import[];

  /** Each case gets a folder of its own, laid out as the repository is, so that the rules find it. */
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'originca-house-'));
    for (const [at, [file, source]] of cases.entries()) {
      const folder = join(dir, String(at));
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await copyFile(join(ROOT, '.oxlintrc.json'), join(folder, '.oxlintrc.json'));
      await writeFile(join(folder, file), `export * from '${source}';\n`);
    }
    const { number_of_files, diagnostics } = lint(dir, '.');
    linted = number_of_files;
    const found = new Set(
      diagnostics.filter(({ code }) => code === RULE).map(({ filename }) => filename.split('/')[0]),
    );
    refused = cases.filter((_, at) => found.has(String(at)));
  });

  afterAll(() => rm(dir, { recursive: true, force: true }));

  test('refuse every import against the one direction', () => {
    expect(linted).toBe(cases.length);
    expect(REFUSED.filter((wanted) => !refused.includes(wanted))).toEqual([]);
  });

  test('allow what the direction allows', () => {
    expect(ALLOWED.filter((wanted) => refused.includes(wanted))).toEqual([]);
  });

  test('are kept by the sources', () => {
    const { number_of_files, diagnostics } = lint(ROOT, 'src', 'test');
    expect(number_of_files).toBeGreaterThan(200);
    expect(diagnostics.filter(({ code }) => code === RULE)).toEqual([]);
  }, 60_000);
});

test('the lock file holds a digest for every package, and no host to get it from', async () => {
  const { packages } = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { resolved?: string; integrity?: string }>;
  };
  const installed = Object.entries(packages).filter(([path]) => path !== '');
  expect(installed.length).toBeGreaterThan(100);
  expect(installed.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
  expect(installed.filter(([, { integrity }]) => integrity === undefined)).toEqual([]);
});
