import { X509Certificate } from 'node:crypto';
import { pino } from 'pino';
import type { OriginZone } from '../../../../src/api/v1alpha1.ts';
import type { Probes, Verdict } from '../../../../src/probe/types.ts';
import type { ConcernReport, ZonePass } from '../../../../src/zone/concern.ts';
import type { PullsContext } from '../../../../src/zone/pulls/context.ts';
import { reconcilePulls } from '../../../../src/zone/pulls/controller.ts';
import { PullMemories } from '../../../../src/zone/pulls/memory.ts';
import { intervalsOf } from '../../../../src/zone/schedule.ts';
import type { OriginLine } from '../../../../src/zone/world.ts';
import { originRoots } from '../../../support/signed.ts';
import { TestClock } from '../../../support/test-clock.ts';
import { CountedCloudflare, CountedKube } from './counted.ts';

type Pulls = OriginZone['spec']['authenticatedOriginPulls'];
type Report = ConcernReport<NonNullable<OriginZone['status']>['authenticatedOriginPulls']>;

const { ca } = await originRoots();
export const SHARED_CA = new X509Certificate(ca.rsa.certificate);

/** RSA keys are made as they are for real, which a busy machine takes its time for. */
export const REAL_KEYS = { timeout: 60_000 };

/** The zone's own pass comes by at least so often, whatever the origin pulls ask for. */
const PASS_MS = 30_000;
/** So many passes without time between them are a storm, not progress. */
const MOST_PASSES = 3000;

/** Passes over the origin pulls of one zone by a clock of its own; everything that is asked is counted. */
export class CountedStage {
  readonly clock = new TestClock();
  readonly kube = new CountedKube();
  readonly cloudflare = new CountedCloudflare();
  /** What was said, pass by pass, each once in a row. */
  readonly said: string[] = [];
  readonly events: string[] = [];
  /** How often origins were knocked at with a client certificate. */
  knocks = 0;
  /** Whether origins take the client certificate that is shown to them. */
  takesClient = true;
  /** Whether knocking itself fails. */
  proberFails = false;
  lines: readonly OriginLine[] = [];
  complete = true;
  hindrance: string | undefined;
  zoneIntervalMs = 600_000;
  readonly #context: PullsContext;

  constructor(pulls: Pulls) {
    this.kube.zone = {
      metadata: {
        name: 'example.com',
        uid: 'zone',
        resourceVersion: '1',
        creationTimestamp: '2026-11-21T12:00:00Z',
        generation: 1,
      },
      spec: { authenticatedOriginPulls: pulls },
    };
    const prober: Probes = {
      probe: () => {
        this.knocks += 1;
        if (this.proberFails) return Promise.reject(new Error('no socket'));
        const verdict = { clientAccepted: this.takesClient, clientCertificate: 'required' };
        return Promise.resolve([verdict as Verdict]); // Only what is read of it.
      },
    };
    this.#context = {
      kube: this.kube.client,
      clock: this.clock,
      random: () => 0.5,
      events: { record: (_: unknown, { reason }: { reason: string }) => void this.events.push(reason) },
      log: pino({ enabled: false }),
      operatorNamespace: 'ops',
      sharedOriginPullCa: [SHARED_CA],
      prober,
      pulls: new PullMemories(this.clock),
      wake: () => undefined,
      signal: new AbortController().signal,
      probes: { refresh: () => undefined },
    } as unknown as PullsContext; // Events are recorded by reason alone.
  }

  /** Another generation of the object. */
  apply(pulls: Pulls): void {
    const { metadata } = this.kube.zone;
    const generation = (metadata.generation ?? 0) + 1;
    this.kube.zone = { metadata: { ...metadata, generation }, spec: { authenticatedOriginPulls: pulls } };
  }

  async pass(): Promise<Report> {
    const { signal } = this.#context;
    const report = await reconcilePulls(this.#context, this.#pass(), signal);
    const problems = report.problems.map(({ reason, message }) => `${reason}: ${message}`).join(' ');
    const said = `${report.status?.state}: ${report.status?.message} [${problems}]`;
    if (said !== this.said.at(-1)) this.said.push(said);
    return report;
  }

  /** Passes for so long, each when the one before asked for it or when the zone comes by; resolves to the last report. */
  async run(ms: number): Promise<Report> {
    const endMs = this.clock.monotonic() + ms;
    for (let passes = 1; ; passes += 1) {
      const report = await this.pass();
      const leftMs = endMs - this.clock.monotonic();
      if (leftMs <= 0) return report;
      if (passes > MOST_PASSES) throw new Error(`${passes} passes, the last: ${this.said.at(-1)}`);
      await this.clock.advance(Math.max(1, Math.min(report.nextMs ?? PASS_MS, PASS_MS, leftMs)));
    }
  }

  #pass(): ZonePass {
    const { clock, hindrance, lines, complete } = this;
    const account = { id: undefined, name: undefined };
    return {
      zone: this.kube.zone as OriginZone, // The rest of the spec is not read.
      facts: { id: 'z', name: 'example.com', status: 'active', paused: false, account },
      client: this.cloudflare.client,
      now: clock.now(),
      monotonic: clock.monotonic(),
      enforce: hindrance === undefined,
      hindrance,
      ssl: 'full',
      verdicts: [],
      gate: () => ({ lines, complete, missing: [] }),
      intervals: intervalsOf(this.zoneIntervalMs, 6 * 3_600_000, 1),
    };
  }
}
