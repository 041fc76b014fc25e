import { access, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withLock } from '../../programs/lock.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { tempDir } from './fakes.ts';

test('only one at a time works under a lock, and nothing is left of it', async () => {
  const dir = await tempDir();
  const path = join(dir, 'lock');
  let inside = 0;
  let most = 0;
  const work = async (): Promise<void> => {
    inside += 1;
    most = Math.max(most, inside);
    await readdir(dir); // Long enough for the others to come in, if anything let them.
    inside -= 1;
  };
  await Promise.all([withLock(path, work), withLock(path, work), withLock(path, work)]);
  expect(most).toBe(1);
  expect(await readdir(dir)).toEqual([]);
});

test('a lock is free again after its work failed', async () => {
  const path = join(await tempDir(), 'lock');
  await expect(withLock(path, () => Promise.reject(new Error('no luck')))).rejects.toThrow('no luck');
  expect(await withLock(path, () => Promise.resolve('done'))).toBe('done');
});

test('the lock of a dead owner is taken over after a while, by one of those who wait', async () => {
  const dir = await tempDir();
  const path = join(dir, 'lock');
  await writeFile(path, 'process 1 on a machine that is gone\n');
  const waits: string[] = [];
  const order: string[] = [];
  const take = (name: string): Promise<number> =>
    withLock(path, async () => order.push(name), { deadMs: 300, onWait: () => void waits.push(name) });
  await Promise.all([take('a'), take('b')]);
  expect(waits.toSorted()).toEqual(['a', 'b']);
  expect(order.toSorted()).toEqual(['a', 'b']);
  expect(await readdir(dir)).toEqual([]);
});

test('a living owner keeps its lock however long it works', async () => {
  const path = join(await tempDir(), 'lock');
  const begun = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  const owner = withLock(path, async () => {
    begun.resolve();
    await finish.promise;
  });
  await begun.promise;
  let taken = false;
  const other = withLock(path, async () => (taken = true), { deadMs: 1_500 });
  const beats = new Set<number>();
  await waitFor(
    'the owner to have touched its lock for longer than the other waits',
    async () => beats.add((await stat(path)).mtimeMs).size >= 4 || new NotYet([...beats]),
    { timeoutMs: 15_000 },
  );
  expect(taken).toBe(false);
  await access(path);
  finish.resolve();
  await Promise.all([owner, other]);
  expect(taken).toBe(true);
});
