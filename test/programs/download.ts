import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Dispatcher, EnvHttpProxyAgent, interceptors, request } from 'undici';
import type { Download } from './catalog.ts';
import { readLogTail } from './log-tail.ts';
import type { Supervisor } from './supervisor.ts';

/** Short: where there is no way out of the machine, the next way shall be tried soon. */
const CONNECT_MS = 5_000;
/** Longest silence in the middle of it. */
const STALL_MS = 30_000;

/**
 * Downloads a program and puts it at `target` after its SHA-256 checksum matched the published one. Throws a
 * sentence otherwise, and then there is nothing at `target`.
 */
export async function download(supervisor: Supervisor, source: Download, target: string): Promise<void> {
  const proxy = new EnvHttpProxyAgent({
    allowH2: false,
    connect: { timeout: CONNECT_MS },
    headersTimeout: STALL_MS,
    bodyTimeout: STALL_MS,
  });
  const dispatcher = proxy.compose(interceptors.redirect({ maxRedirections: 5 }));
  try {
    const name = basename(new URL(source.url).pathname);
    const expected = checksumOf(name, await (await get(source.checksumUrl, dispatcher)).text());
    const file = join(supervisor.dir, 'download');
    await pipeline(await get(source.url, dispatcher), createWriteStream(file));
    const actual = await sha256(file);
    if (actual !== expected) {
      throw new Error(`its SHA-256 checksum is ${actual}, but ${source.checksumUrl} says ${expected}`);
    }
    if (source.archiveMember === undefined) await rename(file, target);
    else await extract(supervisor, file, source.archiveMember, target);
  } finally {
    await proxy.destroy();
  }
}

async function get(url: string, dispatcher: Dispatcher): Promise<Dispatcher.ResponseData['body']> {
  const { statusCode, body } = await request(url, { dispatcher });
  if (statusCode === 200) return body;
  await body.dump();
  throw new Error(`${url} answered ${statusCode}`);
}

/** The checksum of a file in what a `.sha256` file or a `SHA256SUMS` list says. Throws where it says none. */
export function checksumOf(name: string, text: string): string {
  const lines = text
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  const [first] = lines;
  const line =
    lines.length === 1 && first?.length === 1
      ? first
      : lines.find(([, file]) => file?.replace(/^\*/, '') === name);
  const sum = line?.[0]?.toLowerCase();
  if (sum === undefined || !/^[0-9a-f]{64}$/.test(sum))
    throw new Error(`no SHA-256 checksum of ${name} is published`);
  return sum;
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

async function extract(
  supervisor: Supervisor,
  archive: string,
  member: string,
  target: string,
): Promise<void> {
  const log = join(supervisor.dir, 'tar.log');
  const tar = await supervisor.run({
    command: 'tar',
    args: ['-xzf', archive, '-C', supervisor.dir, member],
    log,
  });
  const exit = await tar.exited;
  if (exit.code !== 0) throw new Error(`tar could not take ${member} out of it: ${await readLogTail(log)}`);
  await rename(join(supervisor.dir, member), target);
}
