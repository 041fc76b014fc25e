import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OriginIssuer } from '../../src/api/v1alpha1.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import type { Secret } from '../../src/kube/object.ts';
import { namespaces, secrets } from '../../src/kube/resource.ts';
import { originIssuers } from '../../src/resources.ts';
import { errorMessage } from '../programs/errors.ts';
import { type ControlPlaneInfo, kubeconfigFor } from '../programs/access.ts';
import { proxyApiServer } from '../proxy/api-server.ts';
import { FaultProxy } from '../proxy/proxy.ts';
import { Simulator } from '../simulator/client.ts';
import { allowLease } from '../e2e/operator/leadership.ts';
import { OperatorProcess } from '../support/operator-process.ts';
import { waitFor } from '../support/wait.ts';
import { ofScene } from '../support/scene-label.ts';
import { KillSwitch } from './kill-switch.ts';
import { Reader } from './reader.ts';
import { FLAGS } from './waits.ts';

/** What all lanes share: a control plane with `deploy/`, and the program that is killed. */
export interface Ring {
  readonly plane: ControlPlaneInfo;
  /** Cluster administrator. */
  readonly kube: KubeClient;
  /** Absolute path of the bundle. */
  readonly program: string;
}

const OPERATOR_ACCOUNT = 'originca-system:origin-ca-operator';
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
  /** What the operator has logged, one JSON object a line, over all its lives that have ended. */
  readonly logs: string[] = [];
  readonly #stack: AsyncDisposableStack;
  #operator: OperatorProcess | undefined;
  #stopping = false;

  static async start(ring: Ring): Promise<Lane> {
    const stack = new AsyncDisposableStack();
    try {
      const simulator = stack.use(await Simulator.start());
      for (const name of ZONES) await simulator.seedZone({ name });
      const namespace = `kill-${randomBytes(4).toString('hex')}`;
      const { kube } = ring;
      const write = { signal: AbortSignal.timeout(10_000), fieldManager: 'test' };
      await kube.create(namespaces, { metadata: { name: namespace } }, write);
      stack.defer(async () => {
        await kube.delete(namespaces, { name: namespace }, { signal: AbortSignal.timeout(10_000) });
      });
      await allowLease({ kube, namespace });
      const lane = new Lane(ring, namespace, simulator, stack);
      await lane.#open();
      await lane.createIssuer('cloudflare');
      return lane;
    } catch (error) {
      await stack.disposeAsync();
      throw error;
    }
  }

  private constructor(ring: Ring, namespace: string, simulator: Simulator, stack: AsyncDisposableStack) {
    this.ring = ring;
    this.namespace = namespace;
    this.simulator = simulator;
    this.#stack = stack;
    this.killSwitch = new KillSwitch(() => this.#kill());
    this.reader = new Reader(ring.kube, namespace);
    stack.defer(() => this.reader.close());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  async #open(): Promise<void> {
    const { plane, program } = this.ring;
    const direct = await kubeconfigFor(plane, { serviceAccount: OPERATOR_ACCOUNT });
    const { proxy: kubernetes, kubeConfig } = await proxyApiServer(direct, (path) =>
      ofScene(path, this.namespace),
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
    const start = (): Promise<OperatorProcess> =>
      OperatorProcess.start({
        kubeconfig,
        simulator: { apiUrl: cloudflare.url, caFile, originCaRootsFile },
        program,
        flags: [`--watch-namespaces=${this.namespace}`, `--operator-namespace=${this.namespace}`, ...FLAGS],
      });
    const kept = this.#keep(start);
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
        return found?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
      },
      { timeoutMs: 60_000 },
    );
  }

  /** Starts the operator, and again whenever it has ended. */
  async #keep(start: () => Promise<OperatorProcess>): Promise<void> {
    while (!this.#stopping) {
      try {
        const operator = await start();
        this.#operator = operator;
        if (this.#stopping) operator.signal('SIGTERM'); // Its start was under way.
        await operator.exited;
        this.#operator = undefined;
        this.logs.push(...(await operator.logs()));
        await operator.stop();
      } catch (error) {
        this.logs.push(`the operator did not start: ${errorMessage(error)}`);
      }
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

  /** What the operator that runs has logged, after what those before it have. */
  async allLogs(): Promise<readonly string[]> {
    return [...this.logs, ...((await this.#operator?.logs()) ?? [])];
  }
}
