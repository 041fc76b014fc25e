import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { controlPlanePrograms, kubernetesVersion, monitoringPrograms } from '../../programs/catalog.ts';

const LINUX = { os: 'linux', arch: 'arm64' };

describe('kubernetesVersion', () => {
  test.each([
    [undefined, '1.36'],
    ['', '1.36'],
    ['1.34', '1.34'],
    ['1.35', '1.35'],
    ['1.36', '1.36'],
  ])('takes KUBERNETES_VERSION=%s for a release of %s', (wanted, minor) => {
    expect(kubernetesVersion(wanted)).toMatch(new RegExp(`^${minor}\\.\\d+$`));
  });

  test.each(['1.33', 'v1.36', '1.36.3', 'latest', 'toString'])(
    'refuses %s and names the choices',
    (wanted) => {
      expect(() => kubernetesVersion(wanted)).toThrow(
        `KUBERNETES_VERSION=${wanted} is not a version that tests can run: set it to one of 1.34, 1.35, 1.36`,
      );
    },
  );
});

describe('the programs of a control plane', () => {
  const programs = ['1.34', '1.35', '1.36'].flatMap((minor) =>
    controlPlanePrograms(kubernetesVersion(minor), LINUX),
  );

  test.each(programs)(
    '$name $version is pinned at just this version by go.mod and go.sum',
    async (program) => {
      const { moduleDir, package: main } = program.go;
      const mod = await readFile(join(moduleDir, 'go.mod'), 'utf8');
      const module = program.name === 'etcd' ? 'go.etcd.io/etcd/server/v3' : 'k8s.io/kubernetes';
      expect(mod).toContain(`${module} v${program.version}`);
      expect(mod).toContain(main);
      expect(await readFile(join(moduleDir, 'go.sum'), 'utf8')).toContain(
        `${module} v${program.version} h1:`,
      );
    },
  );

  test('come from the official places for the system at hand', () => {
    const urls = controlPlanePrograms('1.36.3', LINUX).map(({ download }) => [
      download?.url,
      download?.checksumUrl,
    ]);
    const etcd = 'https://github.com/etcd-io/etcd/releases/download/v3.6.16';
    const kubernetes = 'https://dl.k8s.io/release/v1.36.3/bin/linux/arm64';
    expect(urls).toEqual([
      [`${etcd}/etcd-v3.6.16-linux-arm64.tar.gz`, `${etcd}/SHA256SUMS`],
      [`${kubernetes}/kube-apiserver`, `${kubernetes}/kube-apiserver.sha256`],
      [`${kubernetes}/kube-controller-manager`, `${kubernetes}/kube-controller-manager.sha256`],
    ]);
  });

  test('have no official download for macOS and are built there', () => {
    const downloads = controlPlanePrograms('1.36.3', { os: 'darwin', arch: 'arm64' }).map(
      ({ download }) => download,
    );
    expect(downloads).toEqual([undefined, undefined, undefined]);
  });
});

describe('Prometheus and promtool', () => {
  const programs = monitoringPrograms(LINUX);

  test.each(programs)('$name $version is pinned by go.mod and go.sum', async ({ version, go }) => {
    const module = `github.com/prometheus/prometheus v${version.replace(/^3\./, '0.3')}`;
    const mod = await readFile(join(go.moduleDir, 'go.mod'), 'utf8');
    expect(mod).toContain(module);
    expect(mod).toContain(go.package);
    expect(await readFile(join(go.moduleDir, 'go.sum'), 'utf8')).toContain(`${module} h1:`);
  });

  test('come from one archive of the release', () => {
    const release = 'https://github.com/prometheus/prometheus/releases/download/v3.15.0';
    const folder = 'prometheus-3.15.0.linux-arm64';
    const from = { url: `${release}/${folder}.tar.gz`, checksumUrl: `${release}/sha256sums.txt` };
    expect(programs.map(({ download }) => download)).toEqual([
      { ...from, archiveMember: `${folder}/prometheus` },
      { ...from, archiveMember: `${folder}/promtool` },
    ]);
  });

  test('are built for Windows, where they come as a zip', () => {
    const downloads = monitoringPrograms({ os: 'windows', arch: 'amd64' }).map(({ download }) => download);
    expect(downloads).toEqual([undefined, undefined]);
  });
});
