import { createServer } from 'node:net';

/** Below what systems hand to outgoing connections (32768 on Linux), or one of those could take it meanwhile. */
const FIRST = 20_000;
const LAST = 32_000;
const ATTEMPTS = 200;

/**
 * Loopback ports nobody listens on. They are not held: two runs may pick the same one, which whoever starts
 * the program sees as a failed start and tries again with others.
 */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  for (let attempt = 0; attempt < ATTEMPTS && found.size < count; attempt += 1) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (!found.has(port) && (await isFree(port))) found.add(port);
  }
  if (found.size < count) throw new Error(`no ${count} free ports on 127.0.0.1 between ${FIRST} and ${LAST}`);
  return [...found];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => {
      server.close(() => resolve(true));
    });
  });
}
