import { randomUUID } from 'node:crypto';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { hasCode } from './errors.ts';

export interface LockOptions {
  /** Called once when somebody else holds it. */
  readonly onWait?: () => void;
  /** How long its file may go untouched before its owner counts as dead. */
  readonly deadMs?: number;
}

/** How often the owner touches the file. Deaths are noticed by the touches that stay away, on any system. */
const BEAT_MS = 1_000;
const DEAD_MS = 5_000;
const LOOK_MS = 100;

/**
 * Runs `work` while holding the lock file at `path`; waits for its turn as long as the owner is alive.
 *
 * The lock saves work, it does not guard results: two that take it from the same dead owner within the same
 * instant would both go on. Whoever uses it puts results in place with a rename, so that this costs time only.
 */
export async function withLock<T>(
  path: string,
  work: () => Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  const file = await acquire(path, options);
  const beat = setInterval(() => {
    const now = new Date();
    // Through the handle: it touches our file even where another has taken its name meanwhile. Where that fails
    // others take the lock after a while, and there is nobody to tell.
    void file.utimes(now, now).catch(() => undefined);
  }, BEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(beat);
    await release(path, file);
  }
}

async function acquire(path: string, { onWait, deadMs = DEAD_MS }: LockOptions): Promise<FileHandle> {
  let waited = false;
  let seen: { readonly state: string; readonly sinceMs: number } | undefined;
  for (;;) {
    const file = await create(path);
    if (file !== undefined) return file;
    if (!waited) onWait?.();
    waited = true;

    const state = await observe(path);
    // Judged by how long nothing changed on our own clock: file times may come from another machine.
    if (state !== seen?.state) seen = { state, sinceMs: performance.now() };
    else if (performance.now() - seen.sinceMs > deadMs) await takeAway(path);
    await delay(LOOK_MS);
  }
}

async function create(path: string): Promise<FileHandle | undefined> {
  try {
    const file = await open(path, 'wx');
    await file.writeFile(`process ${process.pid} on ${hostname()}\n`);
    return file;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return undefined;
    throw error;
  }
}

async function observe(path: string): Promise<string> {
  try {
    const { ino, mtimeMs } = await stat(path);
    return `${ino}@${mtimeMs}`;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return 'gone';
    throw error;
  }
}

async function takeAway(path: string): Promise<void> {
  const aside = `${path}.dead-${randomUUID()}`;
  try {
    // Only one of several can move it aside.
    await rename(path, aside);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    throw error;
  }
  await rm(aside);
}

async function release(path: string, file: FileHandle): Promise<void> {
  const mine = await file.stat();
  await file.close();
  const state = await observe(path);
  if (state.startsWith(`${mine.ino}@`)) await rm(path);
}
