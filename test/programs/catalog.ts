import { fileURLToPath } from 'node:url';

/** The programs of a control plane. */
export type ProgramName = 'etcd' | 'kube-apiserver' | 'kube-controller-manager';

/** The programs that the tests of deploy/monitoring run. */
export type MonitoringProgramName = 'prometheus' | 'promtool';

/** A third-party program at the version that tests and demo use, and how to get it. */
export interface Program {
  readonly name: ProgramName | MonitoringProgramName | 'kustomize';
  /** Without `v`. */
  readonly version: string;
  /** What makes it tell its version. Default: `--version`. */
  readonly versionArgument?: string;
  /** Absent where no official binary exists for this system. */
  readonly download?: Download;
  readonly go: GoBuild;
}

export interface Download {
  readonly url: string;
  /** A SHA-256 checksum as text: alone, or in a line with the file's name. */
  readonly checksumUrl: string;
  /** Path of the program in the archive; absent when what is downloaded is the program itself. */
  readonly archiveMember?: string;
}

export interface GoBuild {
  /** Folder of the go.mod that pins it. */
  readonly moduleDir: string;
  readonly package: string;
  readonly ldflags: string;
  /** Build tags, separated by commas. */
  readonly tags?: string;
}

/** Minor releases of Kubernetes that tests can run against, with the patch release that stands for each. */
const KUBERNETES = { '1.34': '1.34.4', '1.35': '1.35.4', '1.36': '1.36.3' } as const;
const DEFAULT_KUBERNETES = '1.36';
const ETCD = '3.6.16';
const KUSTOMIZE = '5.8.1';
const PROMETHEUS = '3.15.0';

/** The system a program must run on, in Go's words. */
export interface System {
  readonly os: string;
  readonly arch: string;
}

/** The system we are on. */
export function thisSystem(): System {
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  return { os: process.platform === 'win32' ? 'windows' : process.platform, arch };
}

/**
 * The full version of Kubernetes to run, from a minor release such as `1.35` (KUBERNETES_VERSION); undefined or
 * empty picks the default. Throws a sentence that names the choices.
 */
export function kubernetesVersion(minor: string | undefined): string {
  const wanted = minor || DEFAULT_KUBERNETES;
  const known = Object.entries(KUBERNETES).find(([key]) => key === wanted);
  if (known === undefined) {
    throw new Error(
      `KUBERNETES_VERSION=${wanted} is not a version that tests can run: set it to one of ` +
        `${Object.keys(KUBERNETES).join(', ')}, or unset it for ${DEFAULT_KUBERNETES}`,
    );
  }
  return known[1];
}

/** The programs of a control plane of this full version of Kubernetes. */
export function controlPlanePrograms(version: string, system: System = thisSystem()): readonly Program[] {
  return [
    etcd(system),
    kubernetesProgram('kube-apiserver', version, system),
    kubernetesProgram('kube-controller-manager', version, system),
  ];
}

function kubernetesProgram(name: ProgramName, version: string, system: System): Program {
  const [major, minor] = version.split('.');
  const url = `https://dl.k8s.io/release/v${version}/bin/${system.os}/${system.arch}/${name}`;
  const build = 'k8s.io/component-base/version';
  return {
    name,
    version,
    // Kubernetes publishes its servers for Linux only.
    ...(system.os === 'linux' && { download: { url, checksumUrl: `${url}.sha256` } }),
    go: {
      moduleDir: moduleDir(`kubernetes-${major}.${minor}`),
      package: `k8s.io/kubernetes/cmd/${name}`,
      ldflags:
        `-s -w -X ${build}.gitVersion=v${version} -X ${build}.gitMajor=${major} ` +
        `-X ${build}.gitMinor=${minor} -X ${build}.gitTreeState=clean`,
    },
  };
}

function etcd(system: System): Program {
  const release = `https://github.com/etcd-io/etcd/releases/download/v${ETCD}`;
  const folder = `etcd-v${ETCD}-${system.os}-${system.arch}`;
  const download: Download = {
    url: `${release}/${folder}.tar.gz`,
    checksumUrl: `${release}/SHA256SUMS`,
    archiveMember: `${folder}/etcd`,
  };
  return {
    name: 'etcd',
    version: ETCD,
    // Elsewhere it comes as a zip.
    ...(system.os === 'linux' && { download }),
    go: { moduleDir: moduleDir('etcd-3.6'), package: 'go.etcd.io/etcd/server/v3', ldflags: '-s -w' },
  };
}

/** What `kubectl kustomize` is on its own, so that tests and demo need no kubectl. */
export function kustomize(system: System = thisSystem()): Program {
  const release = `https://github.com/kubernetes-sigs/kustomize/releases/download/kustomize%2Fv${KUSTOMIZE}`;
  const download: Download = {
    url: `${release}/kustomize_v${KUSTOMIZE}_${system.os}_${system.arch}.tar.gz`,
    checksumUrl: `${release}/checksums.txt`,
    archiveMember: 'kustomize',
  };
  return {
    name: 'kustomize',
    version: KUSTOMIZE,
    versionArgument: 'version',
    ...(system.os !== 'windows' && { download }),
    go: {
      moduleDir: moduleDir('kustomize-5.8'),
      package: 'sigs.k8s.io/kustomize/kustomize/v5',
      ldflags: '-s -w',
    },
  };
}

/** Prometheus and promtool, which one archive holds. As a Go module version 3.15.0 is v0.315.0. */
export function monitoringPrograms(system: System = thisSystem()): readonly Program[] {
  return [prometheusProgram('prometheus', system), prometheusProgram('promtool', system)];
}

function prometheusProgram(name: MonitoringProgramName, system: System): Program {
  const release = `https://github.com/prometheus/prometheus/releases/download/v${PROMETHEUS}`;
  const folder = `prometheus-${PROMETHEUS}.${system.os}-${system.arch}`;
  const download: Download = {
    url: `${release}/${folder}.tar.gz`,
    checksumUrl: `${release}/sha256sums.txt`,
    archiveMember: `${folder}/${name}`,
  };
  return {
    name,
    version: PROMETHEUS,
    // For Windows it comes as a zip.
    ...(system.os !== 'windows' && { download }),
    go: {
      moduleDir: moduleDir('prometheus-3.15'),
      package: `github.com/prometheus/prometheus/cmd/${name}`,
      ldflags: `-s -w -X github.com/prometheus/common/version.Version=${PROMETHEUS}`,
      // Tests name their targets: what discovers them at a dozen clouds would double the time of the build.
      tags: 'remove_all_sd',
    },
  };
}

function moduleDir(name: string): string {
  return fileURLToPath(new URL(`go/${name}`, import.meta.url));
}
