import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { inject } from 'vitest';
import { stringify } from 'yaml';
import { freePorts } from '../programs/ports.ts';
import { StartFailure, startReady } from '../programs/readiness.ts';
import { Supervisor } from '../programs/supervisor.ts';
import type { RuleFile } from './prometheus-rules.ts';

/** An alert as Prometheus tells it to whoever asks. */
export interface ActiveAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing';
}

export interface PrometheusOptions {
  /** Port of 127.0.0.1 whose /metrics is scraped. */
  readonly target: number;
  readonly rules: RuleFile;
}

/** Often, so that a test need not wait for the usual half minutes. */
const INTERVAL = '500ms';
const PORT_ATTEMPTS = 3;
const ANSWER_MS = 10_000;

/** A real Prometheus that scrapes one target and judges it by some rules. Ends with this process. */
export class Prometheus implements AsyncDisposable {
  readonly #supervisor: Supervisor;
  readonly #url: string;

  private constructor(supervisor: Supervisor, url: string) {
    this.#supervisor = supervisor;
    this.#url = url;
  }

  /** Resolves when it answers; another port is tried should somebody have taken the first one. */
  static async start(options: PrometheusOptions): Promise<Prometheus> {
    for (let attempt = 1; ; attempt += 1) {
      const supervisor = await Supervisor.start(join(tmpdir(), 'originca-prometheus-'));
      try {
        return new Prometheus(supervisor, await run(supervisor, options));
      } catch (error) {
        await supervisor.close();
        if (!(error instanceof StartFailure && error.portTaken && attempt < PORT_ATTEMPTS)) throw error;
      }
    }
  }

  /** Alerts that are pending or firing. */
  async alerts(): Promise<readonly ActiveAlert[]> {
    return (await this.#get<{ alerts: ActiveAlert[] }>('alerts')).alerts;
  }

  /** Names of all series that were ever scraped or recorded. */
  async metricNames(): Promise<readonly string[]> {
    return this.#get('label/__name__/values');
  }

  /** Why the last scrape failed; undefined after one that did not. */
  async scrapeError(): Promise<string | undefined> {
    const { activeTargets } = await this.#get<{ activeTargets: { lastError: string }[] }>('targets');
    return activeTargets.find(({ lastError }) => lastError !== '')?.lastError;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#supervisor.close();
  }

  async #get<T>(path: string): Promise<T> {
    const signal = AbortSignal.timeout(ANSWER_MS);
    const { statusCode, body } = await request(`${this.#url}/api/v1/${path}`, { signal });
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`Prometheus answered ${statusCode} to ${path}: ${text}`);
    // The parse boundary: Prometheus' documented API.
    return (JSON.parse(text) as { data: T }).data;
  }
}

/** Starts the program in the supervisor's directory and resolves to its address. */
async function run(supervisor: Supervisor, { target, rules }: PrometheusOptions): Promise<string> {
  const { dir } = supervisor;
  const [port = 0] = await freePorts(1);
  const address = `127.0.0.1:${port}`;
  await writeFile(join(dir, 'rules.yaml'), stringify(rules));
  await writeFile(join(dir, 'prometheus.yaml'), stringify(configOf(target)));
  const args = [
    `--config.file=${join(dir, 'prometheus.yaml')}`,
    `--storage.tsdb.path=${join(dir, 'data')}`,
    `--web.listen-address=${address}`,
    '--log.level=warn',
  ];
  const command = inject('monitoring').prometheus;
  await startReady(supervisor, 'Prometheus', { command, args, log: join(dir, 'prometheus.log') }, (signal) =>
    isReady(`http://${address}/-/ready`, signal),
  );
  return `http://${address}`;
}

/** As the README tells those who have no Prometheus operator. */
function configOf(target: number): object {
  return {
    global: { scrape_interval: INTERVAL, scrape_timeout: INTERVAL, evaluation_interval: INTERVAL },
    rule_files: ['rules.yaml'],
    scrape_configs: [
      {
        job_name: 'origin-ca-operator',
        honor_labels: true,
        static_configs: [{ targets: [`127.0.0.1:${target}`], labels: { namespace: 'originca-system' } }],
      },
    ],
  };
}

async function isReady(url: string, signal: AbortSignal): Promise<boolean> {
  const { statusCode, body } = await request(url, { signal });
  await body.dump();
  return statusCode === 200;
}
