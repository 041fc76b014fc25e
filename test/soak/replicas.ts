import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DEPLOYED_NODE_FLAGS } from '../bench/scenario.ts';
import { ownPath, SYSTEM_NAMESPACE } from '../kill/system.ts';
import { kubeconfigFor } from '../programs/access.ts';
import { errorMessage } from '../programs/errors.ts';
import { proxyApiServer } from '../proxy/api-server.ts';
import { FaultProxy } from '../proxy/proxy.ts';
import { OperatorProcess } from '../support/operator-process.ts';
import type { Journal } from './journal.ts';
import type { Stage } from './stage.ts';

const OPERATOR_ACCOUNT = `${SYSTEM_NAMESPACE}:origin-ca-operator`;
const LEADS = 'leader_election_master_status{name="origin-ca-operator"} 1';
/** Between an end and the next start. */
const RESTART_MS = 200;
/** A pod is given so long to end in good order. */
const GRACE_MS = 30_000;

/** One operator that is started again whenever it ends, as a kubelet would, with its own way to the API server. */
export class Replica {
  readonly number: number;
  /** Between it and the API server. */
  readonly api: FaultProxy;
  /** Told what it logged, at the end of each of its lives. */
  readonly #onEnd: (replica: Replica, operator: OperatorProcess) => Promise<void>;
  readonly #start: () => Promise<OperatorProcess>;
  readonly #journal: Journal;
  #operator: OperatorProcess | undefined;
  #stopping = false;
  #kept: Promise<void> | undefined;
  /** Ends since the beginning, wanted or not. */
  ends = 0;

  constructor(
    number: number,
    api: FaultProxy,
    start: () => Promise<OperatorProcess>,
    journal: Journal,
    onEnd: (replica: Replica, operator: OperatorProcess) => Promise<void>,
  ) {
    this.number = number;
    this.api = api;
    this.#start = start;
    this.#journal = journal;
    this.#onEnd = onEnd;
  }

  /** The process that is ready now, if there is one. */
  get operator(): OperatorProcess | undefined {
    return this.#operator;
  }

  keep(): void {
    this.#kept = this.#keep();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.signal('SIGCONT');
    this.signal('SIGTERM');
    await this.#kept;
  }

  signal(name: NodeJS.Signals): void {
    this.#operator?.signal(name);
  }

  async leads(): Promise<boolean> {
    try {
      return (await this.#operator?.metrics())?.includes(LEADS) ?? false;
    } catch {
      return false; // It ends just now, or it is paused.
    }
  }

  /** As in a rolling update: it ends in good order and another takes its place. */
  async roll(): Promise<void> {
    const operator = this.#operator;
    operator?.signal('SIGTERM');
    await Promise.race([operator?.exited, sleep(GRACE_MS, undefined, { ref: false })]);
  }

  async #keep(): Promise<void> {
    while (!this.#stopping) {
      try {
        const operator = await this.#start();
        this.#operator = operator;
        if (this.#stopping) operator.signal('SIGTERM'); // Its start was under way.
        const code = await operator.exited;
        this.#operator = undefined;
        this.ends += 1;
        this.#journal.note(`replica ${this.number} ended with ${code ?? 'a signal'}`);
        await this.#onEnd(this, operator);
        await operator.stop();
      } catch (error) {
        this.#journal.note(`replica ${this.number} did not start: ${errorMessage(error).slice(0, 200)}`);
      }
      await sleep(RESTART_MS);
    }
  }
}

/** Two replicas, each behind an API-server proxy of its own, and one proxy in front of Cloudflare. */
export class Replicas implements AsyncDisposable {
  readonly all: readonly Replica[];
  readonly cloudflare: FaultProxy;
  readonly #stack: AsyncDisposableStack;

  static async start(
    stage: Stage,
    journal: Journal,
    options: {
      readonly onEnd: (replica: Replica, operator: OperatorProcess) => Promise<void>;
      readonly flags: readonly string[];
    },
  ): Promise<Replicas> {
    const stack = new AsyncDisposableStack();
    const { simulator, ring, namespace, places, tempo } = stage;
    const cloudflare = await FaultProxy.start({
      upstream: simulator.apiUrl,
      ca: await readFile(simulator.caFile),
    });
    stack.defer(() => cloudflare.close());
    const caFile = join(simulator.dir, 'proxy-ca.pem');
    await writeFile(caFile, cloudflare.ca);
    const all: Replica[] = [];
    for (const number of [0, 1]) {
      const direct = await kubeconfigFor(ring.plane, { serviceAccount: OPERATOR_ACCOUNT });
      const { proxy, kubeConfig } = await proxyApiServer(direct, (path) => ownPath(path, namespace));
      stack.defer(() => proxy.close());
      const kubeconfig = join(simulator.dir, `kubeconfig-${number}`);
      await writeFile(kubeconfig, kubeConfig.exportConfig(), { mode: 0o600 });
      const start = (): Promise<OperatorProcess> =>
        OperatorProcess.start({
          kubeconfig,
          simulator: {
            apiUrl: cloudflare.url,
            caFile,
            originCaRootsFile: simulator.originCaRootsFile,
          },
          program: ring.program,
          nodeFlags: DEPLOYED_NODE_FLAGS,
          flags: [`--watch-namespaces=${places.all.join(',')}`, ...tempo.flags, ...options.flags],
        });
      all.push(new Replica(number, proxy, start, journal, options.onEnd));
    }
    for (const replica of all) replica.keep();
    stack.defer(async () => void (await Promise.all(all.map((replica) => replica.stop()))));
    return new Replicas(all, cloudflare, stack);
  }

  private constructor(all: readonly Replica[], cloudflare: FaultProxy, stack: AsyncDisposableStack) {
    this.all = all;
    this.cloudflare = cloudflare;
    this.#stack = stack;
  }

  /** How often a replica ended. */
  get ends(): number {
    return this.all.reduce((sum, { ends }) => sum + ends, 0);
  }

  async leader(): Promise<Replica | undefined> {
    const leading = await Promise.all(this.all.map((replica) => replica.leads()));
    return this.all[leading.indexOf(true)];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
