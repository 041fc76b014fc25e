import { errorMessage } from '../programs/errors.ts';
import type { FaultSpec } from '../simulator/fault.ts';
import { ruleOf } from './api-trouble.ts';
import { Background } from './background.ts';
import type { Journal } from './journal.ts';
import type { Replica, Replicas } from './replicas.ts';
import type { Site } from './site.ts';
import type { Stage } from './stage.ts';
import type { Loss, Step } from './steps.ts';

const ORIGINS_MEND_MS = 200;

/** Of a control plane that is the soak's own. */
export interface Restarts {
  readonly restartApiServer: () => Promise<void>;
  readonly restartEtcd: () => Promise<void>;
}

/** What goes wrong on purpose. Faults that last end by themselves, in the background. */
export class Faults {
  readonly #stage: Stage;
  readonly #replicas: Replicas;
  readonly #background: Background;
  readonly #restarts: Restarts | undefined;
  /** What needs the API server, one after the other: none of it while that restarts. */
  #atApi: Promise<void> = Promise.resolve();

  /** @param restarts absent where the control plane is not the soak's own: then it is let be. */
  constructor(stage: Stage, replicas: Replicas, journal: Journal, restarts?: Restarts) {
    this.#restarts = restarts;
    this.#stage = stage;
    this.#replicas = replicas;
    this.#background = new Background((error) => {
      journal.violation(`a fault could not be made or ended: ${errorMessage(error)}`);
    });
  }

  /** Begins a fault; resolves once it has begun. */
  async begin(step: Step): Promise<void> {
    const { simulator, sites } = this.#stage;
    switch (step.kind) {
      case 'outage':
        await simulator.inject({ operation: '*', count: 0, status: step.status, html: true });
        return this.#background.later(step.ms, () => simulator.clearFaults());
      case 'lose':
        return simulator.inject({ operation: step.operation, count: step.count, ...lossOf(step.how) });
      case 'limit':
        return simulator.inject({
          operation: '*',
          count: step.count,
          status: 429,
          retryAfter: step.retryAfter,
        });
      case 'bad certificate':
        return simulator.inject({ operation: 'createCertificate', certificate: step.variant });
      case 'late': {
        const { lateMs } = this.#stage.tempo;
        const lateSigningMs = step.signing ? lateMs : 0;
        const lateListingMs = step.listing ? lateMs : 0;
        await simulator.settings({ lateSigningMs, lateListingMs });
        return this.#background.later(step.ms, () => this.#notLate());
      }
      case 'token refused':
        return this.#refuseToken(step);
      case 'api':
        return this.#troubleApi(step);
      case 'break origin':
        return this.#breakOrigin(sites[step.site], step.ms);
      case 'drift':
        return simulator.setZoneMode(sites[step.site]?.zoneId ?? '', step.ssl);
      case 'zone anew':
        return this.#zoneAnew(sites[step.site]);
      case 'restart':
        return this.#restart(step.what);
      case 'kill':
        return this.#kill(step.whom);
      case 'pause':
        return this.#pause(step.ms);
      case 'roll':
        return this.#background.run(() => this.#roll());
      default:
        throw new Error(`${step.kind} is no fault`);
    }
  }

  /** Ends everything that is wrong; resolves when it has ended. */
  async end(): Promise<void> {
    await this.#background.end();
    for (const { api } of this.#replicas.all) api.clear();
    await this.#stage.simulator.clearFaults();
    await this.#notLate();
  }

  async #notLate(): Promise<void> {
    await this.#stage.simulator.settings({ lateSigningMs: 0, lateListingMs: 0 });
  }

  async #refuseToken({ issuer, ms, replaced }: Extract<Step, { kind: 'token refused' }>): Promise<void> {
    const { simulator, issuers } = this.#stage;
    const id = issuers.tokenIds[issuer];
    if (id === undefined) return;
    await simulator.updateToken(id, { status: 'disabled' });
    this.#background.later(ms, async () => {
      if (replaced) await this.#withApi(() => issuers.replaceToken(issuer));
      else await simulator.updateToken(id, { status: 'active' });
    });
  }

  #troubleApi({ replica, how, ms, count }: Extract<Step, { kind: 'api' }>): void {
    const { api } = this.#replicas.all[replica] ?? {};
    if (api === undefined) return;
    if (how === 'drops watches') return api.cutWatches();
    if (how === 'is cut off') {
      api.pause();
      api.resetAll();
      return this.#background.later(ms, () => Promise.resolve(api.resume()));
    }
    const end = api.inject({ ...ruleOf(how), ...(how === 'is slow' ? {} : { count: count * 4 }) });
    return this.#background.later(ms, () => Promise.resolve(end()));
  }

  #breakOrigin(site: Site | undefined, ms: number): void {
    if (site === undefined || site.brokenSinceMs !== undefined) return;
    site.brokenSinceMs = performance.now();
    site.healthySinceMs = undefined;
    site.origin.setBroken(true);
    this.#background.later(ms, async () => {
      site.origin.setBroken(false);
      site.brokenSinceMs = undefined;
      site.healthySinceMs = performance.now() + ORIGINS_MEND_MS;
    });
  }

  async #zoneAnew(site: Site | undefined): Promise<void> {
    if (site === undefined) return;
    if ((await this.#stage.zone(site)) !== undefined) await this.#stage.deleteZone(site);
    await this.#stage.applyZone(site);
  }

  /** Waited for: a write of people that were lost in it would pass for one of the operator's. */
  async #restart(what: 'API server' | 'etcd'): Promise<void> {
    const { restartApiServer, restartEtcd } = this.#restarts ?? {};
    const restart = what === 'etcd' ? restartEtcd : restartApiServer;
    if (restart !== undefined) await this.#withApi(restart);
  }

  async #withApi(work: () => Promise<void>): Promise<void> {
    const done = this.#atApi.then(work);
    this.#atApi = done.catch(() => undefined); // Whoever asked for it is told.
    await done;
  }

  #kill(whom: 'leader' | 'both'): void {
    this.#background.run(async () => {
      const leader = whom === 'leader' ? await this.#replicas.leader() : undefined;
      for (const replica of leader ? [leader] : this.#replicas.all) replica.signal('SIGKILL');
    });
  }

  #pause(ms: number): void {
    this.#background.run(async () => {
      const leader = await this.#replicas.leader();
      leader?.signal('SIGSTOP');
      await this.#background.wait(ms);
      leader?.signal('SIGCONT');
    });
  }

  async #roll(): Promise<void> {
    for (const replica of this.#replicas.all) {
      await replica.roll();
      await this.#isBack(replica);
    }
  }

  async #isBack(replica: Replica): Promise<void> {
    while (replica.operator === undefined && !this.#background.isOver) await this.#background.wait(100);
  }
}

function lossOf(how: Loss): Partial<FaultSpec> {
  return { [how]: true };
}
