import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { OriginIssuer } from '../../../src/api/v1alpha1.ts';
import type { Secret } from '../../../src/kube/object.ts';
import { secrets } from '../../../src/kube/resource.ts';
import { pemCertificates } from '../../../src/pki/inspect.ts';
import { originCertificates, originIssuers } from '../../../src/resources.ts';
import type { FaultSpec } from '../../simulator/fault.ts';
import type { Operation } from '../../simulator/protocol.ts';
import { JumpClock } from '../../support/jump-clock.ts';
import { Scene } from '../../support/scene.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { conditionOf, isPending, ownerOf, Seen } from './seen.ts';

/** One certificate with an issuer and a token of its own, so that what befalls it befalls nobody else. */
export interface Trial {
  readonly name: string;
  /** Injected, in this order, once the issuer was checked. */
  readonly faults: readonly FaultSpec[];
}

/** Dozens of answers come at once, some of them of 50 MB, on a machine that has other work. */
const POST_TIMEOUT = '--cloudflare-post-timeout=10s';
const LOOK_MS = 150;
const WAIT = { timeoutMs: 150_000, intervalMs: 200 };

/** Plays many trials at once before one operator, and keeps looking at what it shows and writes meanwhile. */
export class Trials implements AsyncDisposable {
  readonly scene: Scene;
  readonly #clock = new JumpClock();
  readonly #tokens = new Map<string, string>();
  readonly #seen = new Map<string, Seen>();
  readonly #ready = new Map<string, string[]>();
  readonly #hostnames = new Map<string, readonly string[]>();
  readonly #roots: readonly X509Certificate[];
  readonly #over = new AbortController();
  #looking: Promise<void> | undefined;

  private constructor(scene: Scene, roots: readonly X509Certificate[]) {
    this.scene = scene;
    this.#roots = roots;
  }

  static async start(prefix: string): Promise<Trials> {
    const scene = await Scene.start(prefix);
    const pem = await readFile(scene.simulator.originCaRootsFile, 'utf8');
    const roots = pemCertificates(pem).map((each) => new X509Certificate(each));
    const trials = new Trials(scene, roots);
    await scene.startOperator({
      clock: trials.#clock,
      random: () => 0,
      slowCheck: false,
      flags: [POST_TIMEOUT],
    });
    trials.#looking = trials.#lookOn();
    return trials;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await this.#looking;
    await this.scene[Symbol.asyncDispose]();
  }

  /** Creates issuers, waits until they are Ready, lets the faults loose and creates the certificates. */
  async begin(trials: readonly Trial[]): Promise<void> {
    await Promise.all(trials.map(({ name }) => this.#createIssuer(name)));
    for (const { name } of trials) await this.#issuerReady(name);
    for (const trial of trials) await this.#inject(trial);
    await Promise.all(trials.map(({ name }) => this.createCertificate(name)));
  }

  /** As `begin`, with the faults loose before the issuer is there to be checked. */
  async beginWithCheck(trials: readonly Trial[]): Promise<void> {
    for (const trial of trials) {
      const { id, value } = await this.#seedToken(trial.name);
      this.#tokens.set(trial.name, id);
      await this.#inject(trial);
      await this.createCertificate(trial.name);
      await this.#applyIssuer(trial.name, value);
    }
  }

  async createCertificate(name: string, hostnames = [`${name}.example.com`]): Promise<void> {
    this.#hostnames.set(name, hostnames);
    const issuerRef = { kind: 'OriginIssuer', name } as const;
    await this.scene.applyCertificate(name, { hostnames, issuerRef });
  }

  async #createIssuer(name: string): Promise<void> {
    const { id, value } = await this.#seedToken(name);
    this.#tokens.set(name, id);
    await this.#applyIssuer(name, value);
  }

  /** Budgets are counted per user. */
  #seedToken(name: string): Promise<{ id: string; value: string }> {
    return this.scene.simulator.seedToken({ user: name });
  }

  async #applyIssuer(name: string, token: string): Promise<void> {
    await this.scene.putToken(token, name);
    const metadata = { name, namespace: this.scene.namespace };
    await this.scene.apply(originIssuers, { metadata, spec: { apiTokenSecretRef: { name } } });
  }

  async #inject({ name, faults }: Trial): Promise<void> {
    for (const fault of faults) await this.scene.simulator.inject({ ...fault, tokenId: this.#tokenOf(name) });
  }

  async #issuerReady(name: string): Promise<void> {
    const ref = { name, namespace: this.scene.namespace };
    await waitFor(
      `OriginIssuer ${name} Ready`,
      async () => {
        const issuer = await this.scene.kube.get(originIssuers, ref, { signal: AbortSignal.timeout(10_000) });
        const ready = issuer?.status?.conditions?.find(({ type }) => type === 'Ready');
        return ready?.status === 'True' || new NotYet(ready);
      },
      WAIT,
    );
  }

  /** Puts operator and Cloudflare ahead by the same time. */
  async jump(ms: number): Promise<void> {
    await this.scene.simulator.advance(ms);
    this.#clock.jump(ms);
  }

  /** What was seen of a certificate. */
  of(name: string): Seen {
    const known = this.#seen.get(name);
    if (known !== undefined) return known;
    const fresh = new Seen();
    this.#seen.set(name, fresh);
    return fresh;
  }

  /** Waits until each of them has shown so many failures. */
  async haveFailed(wanted: ReadonlyMap<string, number>): Promise<void> {
    await waitFor(
      'the failures shown',
      () => {
        const late = [...wanted].filter(([name, count]) => this.of(name).shown.length < count);
        return late.length === 0 || new NotYet(late.map(([name]) => [name, this.of(name)]));
      },
      WAIT,
    );
  }

  /** Waits until each of them says the reason why nothing can be issued. */
  async haveSaid(wanted: ReadonlyMap<string, string>): Promise<void> {
    await waitFor(
      'the reasons said',
      () => {
        const late = [...wanted].filter(([name, reason]) => !this.of(name).said.includes(reason));
        return late.length === 0 || new NotYet(late.map(([name]) => [name, this.of(name)]));
      },
      WAIT,
    );
  }

  /** Status and reason of an issuer's Ready, in order. */
  readyOf(name: string): readonly string[] {
    return this.#ready.get(name) ?? [];
  }

  /** Waits until the Ready of each issuer had this status and reason. */
  async haveBeenReady(wanted: ReadonlyMap<string, string>): Promise<void> {
    await waitFor(
      'the issuers checked',
      () => {
        const late = [...wanted].filter(([name, ready]) => !this.readyOf(name).includes(ready));
        return late.length === 0 || new NotYet(late.map(([name]) => [name, this.readyOf(name)]));
      },
      WAIT,
    );
  }

  /** Waits until so many requests of an operation came. */
  async haveAsked(name: string, operation: Operation, times: number): Promise<void> {
    await waitFor(
      `${operation} of ${name}`,
      async () => {
        const came = (await this.timesOf(name, operation)).length;
        return came >= times || new NotYet({ came, times, seen: this.of(name) });
      },
      WAIT,
    );
  }

  /** What came of all trials, in one line. */
  async figures(): Promise<string> {
    const { simulator } = this.scene;
    const posts = await simulator.requests({ operation: 'createCertificate' });
    const all = await simulator.certificates();
    const live = all.filter(({ revokedAt }) => revokedAt === undefined).length;
    const bad = [...this.#seen.values()].reduce((sum, seen) => sum + seen.bad.size, 0);
    return `${this.#hostnames.size} certificates asked for: ${posts.length} POSTs, ${live} in force and ${all.length - live} revoked at Cloudflare, ${bad} bad writes`;
  }

  /** Waits until all are Ready and no issuance is under way. */
  async end(): Promise<void> {
    await waitFor(
      'everything Ready',
      async () => {
        const { certificates, secrets: all } = await this.#list();
        const waiting = certificates.filter((each) => conditionOf(each, 'Ready')?.status !== 'True');
        const pending = all.filter(isPending).map(ownerOf);
        const isOver = waiting.length === 0 && pending.length === 0;
        return isOver || new NotYet({ waiting: waiting.map(({ status }) => status), pending });
      },
      WAIT,
    );
    await this.#look();
  }

  /** What Cloudflare holds by a trial's token: how many certificates live, and how many are revoked. */
  async held(name: string): Promise<{ readonly live: number; readonly revoked: number }> {
    const all = await this.scene.simulator.certificates({ tokenId: this.#tokenOf(name) });
    const revoked = all.filter(({ revokedAt }) => revokedAt !== undefined).length;
    return { live: all.length - revoked, revoked };
  }

  /** When the requests of an operation came, ms since the epoch by Cloudflare's clock. */
  async timesOf(name: string, operation: Operation): Promise<number[]> {
    const all = await this.scene.simulator.requests({ operation, tokenId: this.#tokenOf(name) });
    return all.map(({ time }) => Date.parse(time));
  }

  #tokenOf(name: string): string {
    const id = this.#tokens.get(name);
    if (id === undefined) throw new Error(`${name} has no token`);
    return id;
  }

  async #lookOn(): Promise<void> {
    while (!this.#over.signal.aborted) {
      await this.#look();
      await delay(LOOK_MS);
    }
  }

  async #look(): Promise<void> {
    const { certificates, secrets: all, issuers } = await this.#list();
    for (const issuer of issuers) this.#noteIssuer(issuer);
    for (const certificate of certificates) this.of(certificate.metadata.name ?? '').status(certificate);
    for (const secret of all) this.#noteSecret(secret);
  }

  #noteIssuer({ metadata, status }: OriginIssuer): void {
    const ready = status?.conditions?.find(({ type }) => type === 'Ready');
    const known = this.#ready.get(metadata.name ?? '') ?? [];
    const now = ready && `${ready.status} ${ready.reason}`;
    if (now !== undefined && known.at(-1) !== now) this.#ready.set(metadata.name ?? '', [...known, now]);
  }

  #noteSecret(secret: Secret): void {
    if (isPending(secret)) return this.of(ownerOf(secret)).pending(secret);
    const name = /^(.*)-tls$/.exec(secret.metadata.name ?? '')?.[1];
    const hostnames = name === undefined ? undefined : this.#hostnames.get(name);
    if (name === undefined || hostnames === undefined) return;
    this.of(name).target(secret, { hostnames, roots: this.#roots, now: this.#clock.now() });
  }

  async #list() {
    const { kube, namespace } = this.scene;
    const options = { namespace, signal: AbortSignal.timeout(10_000) };
    const [certificates, all, issuers] = await Promise.all([
      kube.listAll(originCertificates, options),
      kube.listAll(secrets, options),
      kube.listAll(originIssuers, options),
    ]);
    return { certificates, secrets: all, issuers };
  }
}

/** Checks that requests kept the times between them that were shown. */
export function tooEarly(times: readonly number[], retriesMs: readonly number[]): number[] {
  return retriesMs.filter((retryMs, index) => {
    const [time, next] = [times[index], times[index + 1]];
    return time === undefined || (next !== undefined && next - time < retryMs);
  });
}
