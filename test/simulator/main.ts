import type { Addresses } from './protocol.ts';
import { FlagError, HELP, parseFlags, type Flags } from './flags.ts';
import { startSimulator, type RunningSimulator } from './server.ts';

process.exitCode = await main();

async function main(): Promise<number> {
  let flags: Flags;
  try {
    flags = parseFlags(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof FlagError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 2;
  }
  if (flags.help) {
    process.stdout.write(HELP);
    return 0;
  }
  // Before anything is made: whoever ends us during the start must not leave a directory behind either.
  const end = theEnd(flags);
  const simulator = await started(flags);
  if (simulator === undefined) return 1;
  process.stdout.write(
    flags.json ? `${JSON.stringify(simulator.addresses)}\n` : greeting(simulator.addresses),
  );
  await end;
  await simulator.close();
  if (flags.untilStdinCloses) process.stdin.destroy(); // A pipe still open would keep the process.
  return 0;
}

async function started({ port, controlPort }: Flags): Promise<RunningSimulator | undefined> {
  try {
    return await startSimulator({ api: port, control: controlPort });
  } catch (error) {
    process.stderr.write(
      `The simulator cannot listen: ${error instanceof Error ? error.message : 'unknown'}; choose other ports.\n`,
    );
    return undefined;
  }
}

/** Resolves at the first sign that nobody wants us any more. Later signs (npm repeats Ctrl-C) change nothing. */
function theEnd({ untilStdinCloses }: Flags): Promise<void> {
  return new Promise((resolve) => {
    const ended = (): void => resolve();
    process.on('SIGINT', ended);
    process.on('SIGTERM', ended);
    process.stdout.on('error', ended); // Whoever started us is gone before it read our addresses.
    if (!untilStdinCloses) return;
    process.stdin.on('end', ended);
    process.stdin.on('error', ended);
    process.stdin.resume();
  });
}

function greeting({ apiUrl, controlUrl, caFile, ...files }: Addresses): string {
  return `Cloudflare simulator; everything is in memory, Ctrl-C ends it.
  API               ${apiUrl}
  its TLS CA        ${caFile}
  Origin CA roots   ${files.originCaRootsFile}
  origin-pull CA    ${files.originPullCaFile}
  control           ${controlUrl}

In another terminal:
  export CONTROL=${controlUrl} API=${apiUrl} CA=${caFile} ROOTS=${files.originCaRootsFile}

Try:
  curl -s ${controlUrl}/seed-zone  -d '{"name":"example.com"}'
  curl -s ${controlUrl}/seed-token -d '{}'
  curl -s --cacert ${caFile} -H "Authorization: Bearer <value>" ${apiUrl}/zones
  curl -s ${controlUrl}            (lists all commands)
`;
}
