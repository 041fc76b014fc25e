import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { askVersion, minorOf, versionIn } from '../../programs/version.ts';
import { scriptOfVersion, tempDir, writeScript } from './fakes.ts';

describe('versionIn', () => {
  test.each([
    ['Kubernetes v1.36.3\n', '1.36.3'],
    ['Kubernetes v1.37.0-rc.1+k3s1\n', '1.37.0-rc.1+k3s1'],
    ['etcd Version: 3.6.16\nGit SHA: abc\nGo Version: go1.26.8\n', '3.6.16'],
    ['Go Version: go1.26.8', undefined],
    ['listening on 127.0.0.1', undefined],
    ['', undefined],
  ])('reads %j as %s', (text, version) => {
    expect(versionIn(text)).toBe(version);
  });
});

test('minorOf drops the patch release', () => {
  expect(minorOf('1.36.3-rc.1')).toBe('1.36');
});

describe('askVersion', () => {
  test.each([
    ['says nothing of a version', '#!/bin/sh\necho hello\n', "it tells no version but 'hello'"],
    ['exits with an error', '#!/bin/sh\nexit 3\n', 'it cannot be run with --version (exit code 3)'],
    ['is killed', '#!/bin/sh\nkill -9 $$\n', 'it cannot be run with --version (ended by SIGKILL)'],
    ['is half a file', '\u007fELF\u0002\u0001\u0001', 'it cannot be run with --version ('],
  ])('refuses a program that %s', async (_what, text, message) => {
    const path = join(await tempDir(), 'program');
    await writeScript(path, text);
    await expect(askVersion(path)).rejects.toThrow(message);
  });

  test('asks the program', async () => {
    const path = join(await tempDir(), 'program');
    await writeScript(path, scriptOfVersion('1.35.4'));
    expect(await askVersion(path)).toBe('1.35.4');
  });
});
