import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { request } from 'undici';
import { freePorts } from '../programs/ports.ts';
import { startReady } from '../programs/readiness.ts';
import { type StartOptions, type Supervised, Supervisor } from '../programs/supervisor.ts';
import type { Simulator } from '../simulator/client.ts';

export interface OperatorProcessOptions {
  /** Whose rights it has: a kubeconfig of its ServiceAccount. Absent: what flags or variables say. */
  readonly kubeconfig?: string;
  readonly simulator: Pick<Simulator, 'apiUrl' | 'caFile' | 'originCaRootsFile'>;
  /** Beside those that point it at cluster and simulator. */
  readonly flags?: readonly string[];
  /** Absolute path of the program. Default: the sources. */
  readonly program?: string;
  /** Options of Node itself, such as `--cpu-prof`. */
  readonly nodeFlags?: readonly string[];
  /** Beside the variable that lets it trust the simulator; nothing of this process's own is handed on. */
  readonly env?: Readonly<Record<string, string>>;
  /** How long its start may take. Default a minute. */
  readonly readyWithinMs?: number;
}

const SOURCES = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** How it is started. `metricsAddress`: HOST:PORT, 0 for any port that is free. */
export function operatorCommand(
  { kubeconfig, simulator, flags = [], program = SOURCES, nodeFlags = [], env }: OperatorProcessOptions,
  metricsAddress: string,
): Omit<StartOptions, 'log'> {
  const args = [
    ...nodeFlags,
    program,
    ...(kubeconfig === undefined ? [] : [`--kubeconfig=${kubeconfig}`]),
    '--operator-namespace=originca-system',
    `--cloudflare-base-url=${simulator.apiUrl}`,
    `--origin-ca-roots=${simulator.originCaRootsFile}`,
    `--metrics-address=${metricsAddress}`,
    '--log-format=json',
    ...flags,
  ];
  return { command: process.execPath, args, env: { NODE_EXTRA_CA_CERTS: simulator.caFile, ...env } };
}

/** The operator as a process of its own, behind a guardian: it ends with this process, however that ends. */
export class OperatorProcess {
  /** From its start to the first good answer of /readyz. */
  readonly readyMs: number;
  readonly #supervisor: Supervisor;
  readonly #program: Supervised;
  readonly #url: string;
  readonly #log: string;

  /** Resolves when it is ready: its caches are filled. */
  static async start(options: OperatorProcessOptions): Promise<OperatorProcess> {
    const supervisor = await Supervisor.start(join(tmpdir(), 'originca-operator-'));
    try {
      const [port = 0] = await freePorts(1);
      const url = `http://127.0.0.1:${port}`;
      const log = join(supervisor.dir, 'operator.log');
      const startMs = performance.now();
      const running = await startReady(
        supervisor,
        'the operator',
        { ...operatorCommand(options, `127.0.0.1:${port}`), log },
        (signal) => isReady(url, signal),
        options.readyWithinMs,
      );
      return new OperatorProcess(supervisor, running, url, log, performance.now() - startMs);
    } catch (error) {
      await supervisor.close();
      throw error;
    }
  }

  private constructor(
    supervisor: Supervisor,
    program: Supervised,
    url: string,
    log: string,
    readyMs: number,
  ) {
    this.#supervisor = supervisor;
    this.#program = program;
    this.#url = url;
    this.#log = log;
    this.readyMs = readyMs;
  }

  get pid(): number {
    return this.#program.pid;
  }

  /** `http://127.0.0.1:PORT` of /metrics, /healthz and /readyz. */
  get url(): string {
    return this.#url;
  }

  /** Resolves when it has ended by itself or by a signal: to its exit code, or null after a signal. */
  get exited(): Promise<number | null> {
    return this.#program.exited.then(({ code = null }) => code);
  }

  get hasEnded(): boolean {
    return this.#program.exit() !== undefined;
  }

  signal(name: NodeJS.Signals): void {
    this.#program.signal(name);
  }

  /** What a scrape by Prometheus gets. */
  async metrics(): Promise<string> {
    const { body } = await request(`${this.#url}/metrics`, { signal: AbortSignal.timeout(10_000) });
    return body.text();
  }

  /** The value of a series without labels. */
  async metric(name: string): Promise<number> {
    const line = (await this.metrics()).split('\n').find((candidate) => candidate.startsWith(`${name} `));
    return Number(line?.slice(name.length));
  }

  /** What it has logged, one JSON object a line. */
  async logs(): Promise<string[]> {
    return (await readFile(this.#log, 'utf8')).split('\n').filter((line) => line !== '');
  }

  /** Ends it as a pod is ended; resolves to its exit code, or null if a signal ended it. */
  async stop(): Promise<number | null> {
    if (this.#program.exit() === undefined) this.#program.signal('SIGTERM');
    const { code = null } = await this.#program.exited;
    await this.#supervisor.close();
    return code;
  }
}

async function isReady(url: string, signal: AbortSignal): Promise<boolean> {
  const { statusCode, body } = await request(`${url}/readyz`, { signal });
  await body.dump();
  return statusCode === 200;
}
