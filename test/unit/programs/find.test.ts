import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findPrograms } from '../../programs/find.ts';
import { goThatBuilds, scriptOfVersion, world, type World, writeScript } from './fakes.ts';

/** Puts a program of this version into a folder for KUBEBUILDER_ASSETS. */
async function withAssets(at: World, script: string): Promise<NodeJS.ProcessEnv> {
  const assets = join(at.dir, 'assets');
  await mkdir(assets);
  await writeScript(join(assets, 'kube-apiserver'), script);
  return { ...at.env, KUBEBUILDER_ASSETS: assets };
}

async function withCached(at: World, script: string): Promise<void> {
  await mkdir(at.cache, { recursive: true });
  await writeScript(at.cached, script);
}

function find(at: World, env: NodeJS.ProcessEnv, lines: string[] = []): Promise<[string, string][]> {
  return findPrograms([at.program], (line) => void lines.push(line), env);
}

test('KUBEBUILDER_ASSETS comes first, in any patch release', async () => {
  const at = await world(goThatBuilds('1.36.3'));
  await withCached(at, scriptOfVersion('1.36.3'));
  const env = await withAssets(at, scriptOfVersion('1.36.0'));
  expect(await find(at, env)).toEqual([['kube-apiserver', join(at.dir, 'assets', 'kube-apiserver')]]);
});

test('a program that KUBEBUILDER_ASSETS does not have comes from the cache', async () => {
  const at = await world(goThatBuilds('1.36.3'));
  await withCached(at, scriptOfVersion('1.36.3'));
  const assets = join(at.dir, 'assets');
  await mkdir(assets);
  expect(await find(at, { ...at.env, KUBEBUILDER_ASSETS: assets })).toEqual([['kube-apiserver', at.cached]]);
});

test.each([
  ['of another release', scriptOfVersion('1.33.1'), 'is version 1.33.1, not 1.36'],
  ['that does not run', '#!/bin/sh\nexit 1\n', 'is of no use: it cannot be run with --version (exit code 1)'],
])('a program %s in KUBEBUILDER_ASSETS is refused', async (_what, script, reason) => {
  const at = await world(goThatBuilds('1.36.3'));
  const env = await withAssets(at, script);
  const path = join(at.dir, 'assets', 'kube-apiserver');
  await expect(find(at, env)).rejects.toThrow(`${path} (from KUBEBUILDER_ASSETS) ${reason}`);
  await expect(find(at, env)).rejects.toThrow('unset KUBEBUILDER_ASSETS');
});

test('a KUBEBUILDER_ASSETS that is no folder is refused', async () => {
  const at = await world(goThatBuilds('1.36.3'));
  const env = { ...at.env, KUBEBUILDER_ASSETS: join(at.dir, 'nowhere') };
  await expect(find(at, env)).rejects.toThrow(`KUBEBUILDER_ASSETS=${at.dir}/nowhere is not a folder: point`);
});

test('what is in the cache is used without a build and without a word', async () => {
  const at = await world(goThatBuilds('1.36.3'));
  await withCached(at, scriptOfVersion('1.36.3'));
  const lines: string[] = [];
  expect(await find(at, at.env, lines)).toEqual([['kube-apiserver', at.cached]]);
  expect(lines).toEqual([]);
});

test.each([
  ['of another version', scriptOfVersion('1.36.2'), 'it is version 1.36.2, not 1.36.3'],
  ['that is half a file', '\u007fELF', 'it cannot be run with --version'],
])('a program %s in the cache is refused and replaced', async (_what, script, reason) => {
  const at = await world(goThatBuilds('1.36.3'));
  await withCached(at, script);
  const lines: string[] = [];
  expect(await find(at, at.env, lines)).toEqual([['kube-apiserver', at.cached]]);
  expect(lines[0]).toContain(`${at.cached} is refused: ${reason}`);
  expect(await readFile(at.cached, 'utf8')).toContain('v1.36.3');
});
