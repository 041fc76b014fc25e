import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { RootsError } from './cloudflare/ca-file.ts';
import { ConfigError, helpText, parseConfig } from './config.ts';
import { KubeConfigError } from './kube/config.ts';
import { createOperator } from './operator.ts';
import { StartError } from './start-error.ts';
import { createLogger } from './telemetry/log.ts';
import { ListenError } from './telemetry/server.ts';
import { VERSION } from './version.ts';

/** Exit codes: 0 stopped as asked, 1 failed, 2 cannot start with these flags. */
async function main(): Promise<number> {
  const invocation = parseConfig(process.argv.slice(2), { env: process.env, isTty: process.stdout.isTTY });
  if (invocation.action !== 'run') {
    process.stdout.write(invocation.action === 'help' ? helpText() : `${VERSION}\n`);
    return 0;
  }
  const { config } = invocation;
  const log = createLogger({ level: config.logLevel, format: config.logFormat });
  for (const variable of invocation.strangeVariables)
    log.warn({ variable }, 'no flag has this variable: it is ignored; --help lists the flags');
  const identity = `${hostname()}_${randomUUID()}`;
  const operator = await createOperator(config, { log, identity, version: VERSION });
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.once(name, () => {
      log.info({ signal: name }, 'stopping');
      stop.abort();
    });
  }
  log.info({ version: VERSION, identity }, 'starting');
  await operator.run(stop.signal);
  return 0;
}

/** Mistakes in flags, files and addresses are the starter's to mend, before anything has begun. */
function isUsage(error: unknown): error is Error {
  return (
    error instanceof ConfigError ||
    error instanceof KubeConfigError ||
    error instanceof RootsError ||
    error instanceof ListenError ||
    error instanceof StartError
  );
}

try {
  process.exitCode = await main();
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`origin-ca-operator: ${message}\n`);
  process.exitCode = isUsage(error) ? 2 : 1;
}
// Sockets that are still closing must not hold a process that has nothing left to do.
process.exit();
