import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { OriginZone } from '../../../src/api/v1alpha1.ts';
import type { CloudflareApi } from '../../../src/cloudflare/api.ts';
import { ApiToken } from '../../../src/cloudflare/token.ts';
import type { ZoneClient } from '../../../src/cloudflare/zone-client.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { EventRecorder } from '../../../src/kube/events.ts';
import { pemCertificates } from '../../../src/pki/inspect.ts';
import type { ConcernReport, SslMode, ZonePass } from '../../../src/zone/concern.ts';
import type { PullsContext } from '../../../src/zone/pulls/context.ts';
import { reconcilePulls } from '../../../src/zone/pulls/controller.ts';
import { PullMemories } from '../../../src/zone/pulls/memory.ts';
import type { Simulator } from '../../simulator/client.ts';
import type { ClientCertificateView, VisitResult } from '../../simulator/protocol.ts';
import { testNamespace } from '../../support/cluster.ts';
import { TestClock } from '../../support/test-clock.ts';
import { StageObjects } from './objects.ts';
import { DemandingOrigin, type Refusal } from './origin.ts';
import { contextOf, HOSTNAME, passOf } from './pass.ts';

/** The edge deploys within a second; what takes longer is our own waiting. */
const MAX_TICK_MS = 60_000;
const MOST_TICKS = 150;

type Report = ConcernReport<NonNullable<OriginZone['status']>['authenticatedOriginPulls']>;

/** What all tests of a file share. */
export interface Theatre {
  readonly simulator: Simulator;
  readonly api: CloudflareApi;
  readonly admin: KubeClient;
  /** The operator's account, under the rights and policies of `deploy/`. */
  readonly operator: KubeClient;
}

/**
 * One zone with one origin, and passes over its origin pulls, each followed by a visit through the edge and by the
 * time that the pass asked for. Time stands still in between.
 */
export class PullStage implements AsyncDisposable {
  readonly name: string;
  readonly namespace: string;
  readonly zoneId: string;
  readonly origin: DemandingOrigin;
  readonly objects: StageObjects;
  /**
   * Two months ago: origins judge client certificates by the machine's clock, and what is renewed after two months
   * must be valid there too.
   */
  readonly clock = new TestClock(Date.now() - 62 * 86_400_000);
  readonly logs: string[] = [];
  /** What visitors got who did not get a 200, and after which state. */
  readonly failures: string[] = [];
  ssl: SslMode = 'full';
  hindrance: string | undefined;
  /** Whether the origin is looked at before each pass; until then nobody has looked at it. */
  probing = false;
  /** Who watches what is published, as an Ingress controller does, and lets its origin demand it. */
  demandFrom: { readonly kind: 'Secret'; readonly name: string } | undefined;
  readonly #theatre: Theatre;
  readonly #client: ZoneClient;
  readonly #events: EventRecorder;
  #context: PullsContext;
  #demanded: string | undefined;
  readonly #end = new AbortController();

  private constructor(
    theatre: Theatre,
    parts: Pick<PullStage, 'name' | 'namespace' | 'zoneId' | 'origin'> & {
      client: ZoneClient;
      sharedCa: readonly X509Certificate[];
    },
  ) {
    this.#theatre = theatre;
    this.name = parts.name;
    this.namespace = parts.namespace;
    this.zoneId = parts.zoneId;
    this.origin = parts.origin;
    this.#client = parts.client;
    this.objects = new StageObjects(theatre.admin, parts.name);
    const names = { reportingController: 'originca.dev/operator', reportingInstance: 'test' };
    this.#events = new EventRecorder({ client: theatre.operator, ...names });
    this.#context = contextOf({
      kube: theatre.operator,
      clock: this.clock,
      events: this.#events,
      logs: this.logs,
      sharedOriginPullCa: parts.sharedCa,
      signal: this.#end.signal,
    });
  }

  /** A new zone; everything that the simulator held before is gone. */
  static async open(theatre: Theatre, refusal: Refusal = 'status'): Promise<PullStage> {
    const { simulator } = theatre;
    await simulator.reset();
    const { id: zoneId } = await simulator.seedZone({ name: 'example.com', ssl: 'full' });
    const origin = await DemandingOrigin.start(refusal);
    await simulator.seedRecord(zoneId, { name: HOSTNAME, type: 'A', content: '203.0.113.7', proxied: true });
    await simulator.mapOrigin({ content: '203.0.113.7', https: origin.address });
    return PullStage.#of(theatre, zoneId, origin);
  }

  /** Another cluster's operator, for the same zone and origin. */
  static beside(other: PullStage): Promise<PullStage> {
    return PullStage.#of(other.#theatre, other.zoneId, other.origin);
  }

  static async #of(theatre: Theatre, zoneId: string, origin: DemandingOrigin): Promise<PullStage> {
    const { simulator, api } = theatre;
    const namespace = await testNamespace('pulls');
    const { value } = await simulator.seedToken();
    const client = api.zoneClient(new ApiToken(value));
    const pem = await readFile(simulator.originPullCaFile, 'utf8');
    const sharedCa = pemCertificates(pem).map((block) => new X509Certificate(block));
    return new PullStage(theatre, { name: namespace, namespace, zoneId, origin, client, sharedCa });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    await Promise.all([this.origin[Symbol.asyncDispose](), this.#events.close()]);
    await this.objects[Symbol.asyncDispose]();
  }

  /** Creates or changes the OriginZone as `kubectl apply` would. */
  apply(pulls: Parameters<StageObjects['apply']>[0]): Promise<void> {
    return this.objects.apply(pulls);
  }

  /** Another process takes over: what was remembered is gone. */
  restart(): void {
    this.#context = { ...this.#context, pulls: new PullMemories(this.clock) };
  }

  /** Lets time pass for the operator alone: the simulator's certificates do not age. */
  async jump(ms: number): Promise<void> {
    await this.clock.advance(ms);
  }

  /** One pass, one visit, and the time until the next pass. */
  async tick(): Promise<Report> {
    const report = await reconcilePulls(this.#context, await this.#pass(), this.#end.signal);
    await this.#readPublished();
    const { status, detail } = await this.visit();
    if (status !== 200) this.failures.push(`${report.status?.state ?? 'unknown'}: ${status} (${detail})`);
    const ms = Math.min(report.nextMs ?? MAX_TICK_MS, MAX_TICK_MS);
    await this.clock.advance(ms);
    await this.#theatre.simulator.advance(ms);
    return report;
  }

  /** Ticks until the report is as asked for; resolves to it. */
  async until(what: string, holds: (report: Report) => boolean | Promise<boolean>): Promise<Report> {
    const seen: string[] = [];
    for (let ticks = 0; ticks < MOST_TICKS; ticks += 1) {
      const report = await this.tick();
      const said = `${report.status?.state} ${report.status?.safeToDemand} ${report.status?.message}`;
      if (said !== seen.at(-1)) seen.push(said);
      if (await holds(report)) return report;
    }
    throw new Error(`not seen within ${MOST_TICKS} passes: ${what}. Seen:\n${seen.join('\n')}`);
  }

  /** Until it presents, and origins may demand it. */
  presenting(): Promise<Report> {
    return this.until(
      'Presenting',
      ({ status }) => status?.state === 'Presenting' && status.safeToDemand === true,
    );
  }

  /** From now on the origin demands what stands in this published Secret, as it stands there at any moment. */
  async demandWhatIsIn(name: string): Promise<void> {
    this.demandFrom = { kind: 'Secret', name };
    await this.#readPublished();
  }

  async demandNothing(): Promise<void> {
    this.demandFrom = undefined;
    this.#demanded = undefined;
    await this.origin.demand(undefined);
  }

  visit(): Promise<VisitResult> {
    return this.#theatre.simulator.visit(HOSTNAME);
  }

  /** Client certificates that the edge holds or is about to hold or lose. */
  async atCloudflare(): Promise<readonly ClientCertificateView[]> {
    const all = await this.#theatre.simulator.clientCertificates({ zoneId: this.zoneId });
    return all.filter(({ status }) => status !== 'deleted');
  }

  /** How many uploads reached Cloudflare, whatever became of them. */
  async uploads(): Promise<number> {
    return (await this.#theatre.simulator.requests({ operation: 'uploadClientCertificate' })).length;
  }

  /** Everything that changes something at Cloudflare. */
  async changes(): Promise<readonly string[]> {
    const requests = await this.#theatre.simulator.requests();
    return requests.filter(({ method }) => method !== 'GET').map(({ operation }) => operation);
  }

  /** Notes of the events on the OriginZone, behind their reasons. */
  async events(): Promise<readonly string[]> {
    await this.#events.idle();
    return this.objects.events();
  }

  async #readPublished(): Promise<void> {
    if (this.demandFrom === undefined) return;
    const pem = await this.objects.published(this.demandFrom.name);
    if (pem === this.#demanded || pem === undefined) return;
    this.#demanded = pem;
    await this.origin.demand(pem);
  }

  async #pass(): Promise<ZonePass> {
    const { zoneId, ssl, hindrance, probing } = this;
    const { address } = this.origin;
    const zone = await this.objects.zone();
    return passOf(this.#context, { zone, zoneId, client: this.#client, ssl, hindrance, address, probing });
  }
}
