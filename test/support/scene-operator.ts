import { readFile } from 'node:fs/promises';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { Clock } from '../../src/clock.ts';
import { parseConfig } from '../../src/config.ts';
import { createOperator } from '../../src/operator.ts';
import { createLogger } from '../../src/telemetry/log.ts';

/** A running operator in this process. */
export interface RunningOperator {
  /** Everything it logged, one JSON object a line. */
  readonly logs: readonly string[];
  readonly metricsPort: number;
  /** Stops it as SIGTERM would; resolves when nothing of it is in flight. */
  stop(): Promise<void>;
}

export interface OperatorStart {
  readonly flags: readonly string[];
  readonly identity: string;
  readonly clock?: Clock | undefined;
  /** In [0, 1), for what is spread by chance. */
  readonly random?: (() => number) | undefined;
  readonly slowCheck?: boolean | undefined;
}

/** The waits of the protocol are short: a POST may take 2 s, settling 1 s. */
const FLAGS = [
  '--cloudflare-rate=0',
  '--cloudflare-post-timeout=2s',
  '--settle=1s',
  '--no-leader-elect',
  '--metrics-address=127.0.0.1:0',
  '--log-level=debug',
];

/** Starts an operator as `main` would, with its log kept instead of printed. */
export async function startOperator({
  flags,
  identity,
  clock,
  random,
  slowCheck,
}: OperatorStart): Promise<RunningOperator> {
  const invocation = parseConfig([...FLAGS, ...flags], { env: {}, isTty: false });
  if (invocation.action !== 'run') throw new Error('these flags do not run an operator');
  const logs: string[] = [];
  const log = createLogger({
    level: 'debug',
    format: 'json',
    destination: { write: (line) => void logs.push(line) },
  });
  const operator = await createOperator(invocation.config, {
    log,
    identity,
    version: 'test',
    ...(clock && { clock }),
    ...(random && { random }),
    ...(slowCheck !== undefined && { slowCheck }),
  });
  const stop = new AbortController();
  const ended = operator.run(stop.signal);
  return {
    logs,
    get metricsPort() {
      return operator.metricsPort;
    },
    stop: async () => {
      stop.abort();
      await ended;
    },
  };
}

/** NODE_EXTRA_CA_CERTS is read at the start of a process only; this is its equal for one that runs. */
export async function trust(caFile: string): Promise<void> {
  setDefaultCACertificates([...getCACertificates('default'), await readFile(caFile, 'utf8')]);
}
