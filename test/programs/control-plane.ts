import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { leaveRequests } from '../audit/kept.ts';
import { type ControlPlaneInfo, inClusterDir, kubeconfigFor, type Speaker } from './access.ts';
import { AdminClient } from './admin-client.ts';
import { type ApiServerOptions, auditLogPath, startApiServer, writeAuditPolicy } from './api-server.ts';
import { kubernetesVersion, type ProgramName } from './catalog.ts';
import { startControllerManager } from './controller-manager.ts';
import { applyCrds } from './crds.ts';
import { writeCredentials } from './credentials.ts';
import { compactEtcd, type EtcdOptions, startEtcd } from './etcd.ts';
import { findControlPlane } from './find.ts';
import { freePorts } from './ports.ts';
import { type Progress, toStderr } from './progress.ts';
import { StartFailure } from './readiness.ts';
import { type Supervised, Supervisor } from './supervisor.ts';

export interface ControlPlaneOptions {
  /** Minor release of Kubernetes, such as `1.35`. Default: KUBERNETES_VERSION, else the newest supported. */
  readonly version?: string | undefined;
  /** Folder whose CustomResourceDefinitions are there before anything else looks at the cluster. */
  readonly crds?: string;
  /** Told about downloads and builds. Default: a line on stderr. */
  readonly onProgress?: Progress;
}

/** A running etcd, kube-apiserver and kube-controller-manager, all of them ours alone. */
export interface ControlPlane extends ControlPlaneInfo {
  /** The same as plain data. */
  info(): ControlPlaneInfo;
  kubeconfigFor(speaker: Speaker, options?: { readonly server?: string }): Promise<string>;
  inClusterDir(speaker: { readonly serviceAccount: string }): Promise<string>;
  /** Ends kube-apiserver at once, connections and all. */
  stopApiServer(): Promise<void>;
  /** Starts it again at the same address. */
  startApiServer(): Promise<void>;
  restartApiServer(): Promise<void>;
  /** Ends etcd at once, under the API server's feet, and starts it again with what it had stored. */
  restartEtcd(): Promise<void>;
  /**
   * Makes every resourceVersion up to now Gone (410): compacts etcd and restarts the API server, whose watch
   * cache would go on serving them.
   */
  compact(): Promise<void>;
  /** Ends everything and removes the directory. Idempotent. */
  stop(): Promise<void>;
}

/** How often it is tried again with other ports, should somebody take one between choice and use. */
const PORT_ATTEMPTS = 3;

/** Finds the programs, or gets them, and starts a control plane on free loopback ports. */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const version = kubernetesVersion(options.version ?? process.env['KUBERNETES_VERSION']);
  const programs = await findControlPlane(version, options.onProgress ?? toStderr);
  for (let attempt = 1; ; attempt += 1) {
    const supervisor = await Supervisor.start(join(tmpdir(), 'originca-control-plane-'));
    try {
      return await RunningControlPlane.start(supervisor, version, programs, options.crds);
    } catch (error) {
      await supervisor.close();
      const again = error instanceof StartFailure && error.portTaken && attempt < PORT_ATTEMPTS;
      if (!again) throw error;
    }
  }
}

type Paths = Readonly<Record<ProgramName, string>>;

interface Parts {
  readonly kubeconfigPath: string;
  readonly etcd: Supervised;
  readonly etcdOptions: EtcdOptions;
  readonly apiServer: Supervised;
  readonly apiServerOptions: ApiServerOptions;
}

class RunningControlPlane implements ControlPlane {
  readonly version: string;
  readonly dir: string;
  readonly kubeconfigPath: string;
  readonly apiServerUrl: string;
  readonly etcdUrl: string;
  readonly auditLogPath: string;
  readonly #supervisor: Supervisor;
  readonly #admin: AdminClient;
  readonly #apiServerOptions: ApiServerOptions;
  readonly #etcdOptions: EtcdOptions;
  #apiServer: Supervised;
  #etcd: Supervised;
  #wasRestarted = false;
  #stopped: Promise<void> | undefined;

  static async start(
    supervisor: Supervisor,
    version: string,
    programs: Paths,
    crds: string | undefined,
  ): Promise<ControlPlane> {
    const { dir } = supervisor;
    const [clientPort, peerPort, port, managerPort] = (await freePorts(4)) as [
      number,
      number,
      number,
      number,
    ];
    const apiServerUrl = `https://127.0.0.1:${port}`;
    const etcdUrl = `http://127.0.0.1:${clientPort}`;
    const etcdOptions = { program: programs.etcd, clientPort, peerPort };
    const [kubeconfigs, etcd] = await Promise.all([
      writeCredentials(dir, apiServerUrl),
      startEtcd(supervisor, etcdOptions),
      writeAuditPolicy(dir),
    ]);
    const admin = await AdminClient.connect({ dir, apiServerUrl });
    const apiServerOptions = { program: programs['kube-apiserver'], port, etcdUrl, admin };
    const apiServer = await startApiServer(supervisor, apiServerOptions);
    const parts = { kubeconfigPath: kubeconfigs.admin, etcd, etcdOptions, apiServer, apiServerOptions };
    const plane = new RunningControlPlane(supervisor, version, parts);
    // Before the controller manager, whose garbage collector learns of later kinds only every 30 s.
    if (crds !== undefined) await applyCrds(admin, crds);
    const program = programs['kube-controller-manager'];
    const kubeconfigPath = kubeconfigs.controllerManager;
    await startControllerManager(supervisor, { program, port: managerPort, kubeconfigPath });
    return plane;
  }

  private constructor(
    supervisor: Supervisor,
    version: string,
    { kubeconfigPath, etcd, etcdOptions, apiServer, apiServerOptions }: Parts,
  ) {
    this.version = version;
    this.dir = supervisor.dir;
    this.kubeconfigPath = kubeconfigPath;
    this.apiServerUrl = `https://127.0.0.1:${apiServerOptions.port}`;
    this.etcdUrl = apiServerOptions.etcdUrl;
    this.auditLogPath = auditLogPath(this.dir);
    this.#supervisor = supervisor;
    this.#admin = apiServerOptions.admin;
    this.#etcd = etcd;
    this.#etcdOptions = etcdOptions;
    this.#apiServer = apiServer;
    this.#apiServerOptions = apiServerOptions;
  }

  info(): ControlPlaneInfo {
    const { version, dir, kubeconfigPath, apiServerUrl, etcdUrl, auditLogPath: auditLog } = this;
    return { version, dir, kubeconfigPath, apiServerUrl, etcdUrl, auditLogPath: auditLog };
  }

  kubeconfigFor(speaker: Speaker, options?: { readonly server?: string }): Promise<string> {
    return kubeconfigFor(this.info(), speaker, options);
  }

  inClusterDir(speaker: { readonly serviceAccount: string }): Promise<string> {
    return inClusterDir(this.info(), speaker);
  }

  async stopApiServer(): Promise<void> {
    if (this.#apiServer.exit() !== undefined) return;
    this.#apiServer.signal('SIGKILL');
    await this.#apiServer.exited;
  }

  async startApiServer(): Promise<void> {
    if (this.#apiServer.exit() === undefined) return;
    this.#wasRestarted = true;
    this.#apiServer = await startApiServer(this.#supervisor, this.#apiServerOptions);
  }

  async restartApiServer(): Promise<void> {
    await this.stopApiServer();
    await this.startApiServer();
  }

  async restartEtcd(): Promise<void> {
    this.#etcd.signal('SIGKILL');
    await this.#etcd.exited;
    this.#etcd = await startEtcd(this.#supervisor, this.#etcdOptions);
  }

  async compact(): Promise<void> {
    await compactEtcd(this.etcdUrl);
    await this.restartApiServer();
  }

  stop(): Promise<void> {
    return (this.#stopped ??= this.#end());
  }

  async #end(): Promise<void> {
    try {
      await leaveRequests(this.auditLogPath, this.#wasRestarted);
    } finally {
      await this.#supervisor.close();
      await this.#admin.destroy();
    }
  }
}
