import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OriginIssuer } from '../../src/api/v1alpha1.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import type { Secret } from '../../src/kube/object.ts';
import { namespaces, secrets } from '../../src/kube/resource.ts';
import { originIssuers } from '../../src/resources.ts';
import { type ControlPlaneInfo, kubeconfigFor } from '../programs/access.ts';
import { type StartOptions, type Supervised, Supervisor } from '../programs/supervisor.ts';
import { proxyApiServer } from '../proxy/api-server.ts';
import { FaultProxy } from '../proxy/proxy.ts';
import { Simulator } from '../simulator/client.ts';
import { operatorCommand } from '../support/operator-process.ts';
import { NotYet, waitFor } from '../support/wait.ts';
import { KillSwitch } from './kill-switch.ts';
import { ownPath, prepareSystem, SYSTEM_NAMESPACE } from './system.ts';
import { Reader } from './reader.ts';
import type { Waits } from './waits.ts';

/** What all lanes share: a control plane with `deploy/`, and the program that is killed. */
export interface Ring {
  readonly plane: ControlPlaneInfo;
  /** Cluster administrator. */
  readonly kube: KubeClient;
  /** Absolute path of the bundle. */
  readonly program: string;
}

const OPERATOR_ACCOUNT = `${SYSTEM_NAMESPACE}:origin-ca-operator`;
/** Between an end of the operator and its next start. */
const RESTART_MS = 200;
export const ZONES = ['example.com', 'example.org'] as const;

/**
 * A namespace and a Cloudflare of its own, with one operator between two proxies; who kills it finds it started
 * again, as a kubelet would. Runs follow one another on it, each with objects of its own.
 */
export class Lane implements AsyncDisposable {
  readonly ring: Ring;
  readonly namespace: string;
  readonly simulator: Simulator;
  readonly reader: Reader;
  readonly killSwitch: KillSwitch;
  readonly waits: Waits;
  readonly #supervisor: Supervisor;
  /** A file for each life of the operator. */
  readonly #logs: string[] = [];
  readonly #stack: AsyncDisposableStack;
  #operator: Supervised | undefined;
  #stopping = false;

  static async start(ring: Ring, waits: Waits): Promise<Lane> {
    const stack = new AsyncDisposableStack();
    try {
      const supervisor = await Supervisor.start(join(tmpdir(), 'originca-kill-'));
      stack.defer(() => supervisor.close());
      const simulator = stack.use(await Simulator.start());
      // Hundreds of runs ask for more than a cluster would; what a limit does is tried elsewhere.
      await simulator.settings({ budget: { quota: 0, windowMs: 0, blockMs: 0 } });
      for (const name of ZONES) await simulator.seedZone({ name });
      const namespace = `kill-${randomBytes(4).toString('hex')}`;
      const { kube } = ring;
      const write = { signal: AbortSignal.timeout(60_000), fieldManager: 'test' };
      await kube.create(namespaces, { metadata: { name: namespace } }, write);
      stack.defer(async () => {
        await kube.delete(namespaces, { name: namespace }, { signal: AbortSignal.timeout(60_000) });
      });
      const lane = new Lane({ ring, namespace, simulator, waits }, supervisor, stack);
      await prepareSystem(lane, stack);
      await lane.#open();
      await lane.createIssuer('cloudflare');
      return lane;
    } catch (error) {
      await stack.disposeAsync();
      throw error;
    }
  }

  private constructor(
    { ring, namespace, simulator, waits }: Pick<Lane, 'ring' | 'namespace' | 'simulator' | 'waits'>,
    supervisor: Supervisor,
    stack: AsyncDisposableStack,
  ) {
    this.ring = ring;
    this.namespace = namespace;
    this.simulator = simulator;
    this.waits = waits;
    this.#supervisor = supervisor;
    this.#stack = stack;
    this.killSwitch = new KillSwitch(() => this.#kill());
    this.reader = new Reader(ring.kube, namespace);
    stack.defer(() => this.reader.close());
  }

  /** Name of the Secret with the token that OriginZones use. */
  get zoneToken(): string {
    return `token-${this.namespace}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  async #open(): Promise<void> {
    const { plane, program } = this.ring;
    const direct = await kubeconfigFor(plane, { serviceAccount: OPERATOR_ACCOUNT });
    const { proxy: kubernetes, kubeConfig } = await proxyApiServer(direct, (path) =>
      ownPath(path, this.namespace),
    );
    this.#stack.defer(() => kubernetes.close());
    const cloudflare = await FaultProxy.start({
      upstream: this.simulator.apiUrl,
      ca: await readFile(this.simulator.caFile),
    });
    this.#stack.defer(() => cloudflare.close());
    kubernetes.gate = this.killSwitch.gate('kubernetes');
    cloudflare.gate = this.killSwitch.gate('cloudflare');
    const { dir, originCaRootsFile } = this.simulator;
    const kubeconfig = join(dir, 'kubeconfig');
    const caFile = join(dir, 'proxy-ca.pem');
    await writeFile(kubeconfig, kubeConfig.exportConfig(), { mode: 0o600 });
    await writeFile(caFile, cloudflare.ca);
    const { namespace, waits } = this;
    const command = operatorCommand(
      {
        kubeconfig,
        simulator: { apiUrl: cloudflare.url, caFile, originCaRootsFile },
        program,
        flags: [`--watch-namespaces=${namespace}`, ...waits.flags],
        env: { NODE_COMPILE_CACHE: join(dirname(program), 'compile-cache') },
      },
      '127.0.0.1:0',
    );
    const kept = this.#keep(command);
    this.#stack.defer(async () => {
      this.#stopping = true;
      this.#operator?.signal('SIGTERM');
      await kept;
    });
  }

  /** An OriginIssuer with a token of its own that sees every zone; resolves when it is Ready. */
  async createIssuer(name: string): Promise<void> {
    const { namespace, simulator, ring } = this;
    const write = { signal: AbortSignal.timeout(60_000), fieldManager: 'test', force: true };
    const { value } = await simulator.seedToken();
    const data = { 'api-token': Buffer.from(value).toString('base64') };
    const token = `token-${name}`;
    await ring.kube.apply(secrets, { metadata: { name: token, namespace }, data } satisfies Secret, write);
    const issuer = { metadata: { name, namespace }, spec: { apiTokenSecretRef: { name: token } } };
    await ring.kube.apply(originIssuers, issuer as OriginIssuer, write);
    await waitFor(
      `OriginIssuer ${name} to be Ready`,
      async (signal) => {
        const found = await ring.kube.get(originIssuers, { name, namespace }, { signal });
        const { conditions = [] } = found?.status ?? {};
        const isReady = conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
        return isReady || new NotYet([conditions, (await this.logs()).slice(-5)]);
      },
      { timeoutMs: 60_000, intervalMs: 200 },
    );
  }

  /** Starts the operator, and again whenever it has ended. */
  async #keep(command: Omit<StartOptions, 'log'>): Promise<void> {
    for (let life = 1; !this.#stopping; life += 1) {
      const log = join(this.#supervisor.dir, `life-${life}.log`);
      this.#logs.push(log);
      const operator = await this.#supervisor.run({ ...command, log });
      this.#operator = operator;
      if (this.#stopping) operator.signal('SIGTERM'); // Its start was under way.
      await operator.exited;
      this.#operator = undefined;
      await sleep(RESTART_MS);
    }
  }

  async #kill(): Promise<boolean> {
    const operator = this.#operator;
    if (operator === undefined) return false;
    // Not by its guardian: nothing may pass between the decision and the end.
    process.kill(operator.pid, 'SIGKILL');
    await operator.exited;
    return true;
  }

  /** What the operator has logged in all its lives, one JSON object a line. */
  async logs(): Promise<readonly string[]> {
    const texts = await Promise.all(this.#logs.map((log) => readFile(log, 'utf8')));
    return texts.flatMap((text) => text.split('\n').filter((line) => line !== ''));
  }
}
