import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cacheDir } from '../../programs/cache.ts';

test.each([
  ['an absolute XDG_CACHE_HOME', '/var/cache/me', '/var/cache/me'],
  ['no XDG_CACHE_HOME', undefined, join(homedir(), '.cache')],
  ['an empty XDG_CACHE_HOME', '', join(homedir(), '.cache')],
  ['a relative XDG_CACHE_HOME, which its specification calls invalid', 'cache', join(homedir(), '.cache')],
])('with %s the cache is below the right folder', (_what, value, base) => {
  expect(cacheDir({ XDG_CACHE_HOME: value })).toBe(join(base, 'origin-ca-operator', 'programs'));
});
