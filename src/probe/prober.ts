import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { SecureContext } from 'node:tls';
import { normalizeHostname } from '../api/hostname.ts';
import type { Clock } from '../clock.ts';
import { formatAddress, parseAddress } from './address.ts';
import { isCloudflareAddress } from './cloudflare-ranges.ts';
import { dial, secureContext, speaksHttp, type Dialled } from './dial.ts';
import { blank, findingOf, unconnected, type Finding, type Knocked } from './findings.ts';
import { AddressGuard } from './guard.ts';
import { CONNECTIONS_PER_SECOND, Limits, type Turn } from './limits.ts';
import { isServerName } from './names.ts';
import { NameResolver } from './resolve.ts';
import { bundledRoots } from './roots.ts';
import * as say from './sentences.ts';
import { REST_MS, strains } from './strain.ts';
import type { ProbeOptions, Probes, ProbeTarget, TrustSet, Verdict } from './types.ts';
import { Unreached, type Moment } from './unreached.ts';

export interface ProberOptions {
  readonly clock: Clock;
  /** Addresses that are knocked at at once. Default 16. */
  readonly concurrency?: number;
  /** Connections a second. Default 20. */
  readonly ratePerSecond?: number;
  /** Real time, for TCP and again for TLS. Default 15 s, as Cloudflare's edge has it. */
  readonly connectTimeoutMs?: number;
  /** `--probe-allow-cidr`: contacted although they are loopback, link-local or the like. */
  readonly allowCidrs: readonly string[];
  /** `ip:port` of the resolver to ask; absent: the system's. */
  readonly dnsServer?: string | undefined;
  /** Default: those that Node carries. */
  readonly publicRoots?: readonly X509Certificate[];
}

/** One address of a target, or why there is none. */
type Place =
  | { readonly address: string; readonly ip: string; readonly port: number }
  | { readonly address: string; readonly ip: undefined; readonly message: string };

interface Task {
  readonly target: ProbeTarget;
  /** In its normal form. */
  readonly hostname: string;
  readonly trust: Required<TrustSet>;
  readonly plain: SecureContext;
  readonly client: SecureContext | undefined;
  /** Monotonic: what was seen of the network from then on will do. */
  readonly wantedMs: number;
  readonly signal: AbortSignal;
}

/** Knocks at origins as Cloudflare's edge would, within limits of its own. */
export class Prober implements Probes {
  readonly #clock: Clock;
  readonly #connectTimeoutMs: number;
  readonly #publicRoots: readonly X509Certificate[];
  readonly #guard: AddressGuard;
  readonly #resolver: NameResolver;
  readonly #limits: Limits;
  readonly #unreached: Unreached;
  readonly #plain = secureContext();

  constructor(options: ProberOptions) {
    const { clock, concurrency = 16, ratePerSecond = CONNECTIONS_PER_SECOND, dnsServer } = options;
    this.#clock = clock;
    this.#connectTimeoutMs = options.connectTimeoutMs ?? 15_000;
    this.#publicRoots = options.publicRoots ?? bundledRoots();
    this.#guard = new AddressGuard(options.allowCidrs);
    this.#resolver = new NameResolver({ dnsServer });
    this.#limits = new Limits({ clock, concurrency, ratePerSecond });
    this.#unreached = new Unreached(clock);
  }

  /** Throws besides the signal's reason where OpenSSL cannot use `client`: it is checked by whoever made it. */
  async probe(
    target: ProbeTarget,
    trust: TrustSet,
    { signal, client, wantedMs }: ProbeOptions,
  ): Promise<readonly Verdict[]> {
    signal.throwIfAborted();
    const moment = this.#moment();
    const hostname = normalizeHostname(target.hostname);
    const hopeless = (address: string, message: string): Verdict =>
      verdict(target, address, moment, blank('Unverifiable', message));
    if (!isServerName(hostname)) return [hopeless('', say.noName(hostname))];
    if (target.addresses.length === 0) return [hopeless('', say.nowhere(hostname))];
    const task: Task = {
      target,
      hostname,
      trust: { ...trust, publicRoots: trust.publicRoots ?? this.#publicRoots },
      plain: this.#plain,
      client: client && secureContext(client),
      wantedMs: wantedMs ?? moment.beganMs,
      signal,
    };
    const found = await Promise.all(target.addresses.map((address) => this.#places(address, target)));
    signal.throwIfAborted();
    const places = new Map(found.flat().map((place) => [keyOf(place), place]));
    return Promise.all(
      Array.from(places.values(), async (place) =>
        place.ip === undefined ? hopeless(place.address, place.message) : this.#knock(task, place),
      ),
    );
  }

  #moment(): Moment {
    return { beganMs: this.#clock.monotonic(), at: this.#clock.now() };
  }

  async #places(
    text: string,
    { hostname, fromRecord }: Pick<ProbeTarget, 'hostname' | 'fromRecord'>,
  ): Promise<readonly Place[]> {
    const nowhere = (message: string): Place[] => [{ address: text, ip: undefined, message }];
    const destination = parseAddress(text);
    if (destination === undefined) return nowhere(say.noAddress(text, hostname));
    const { host, port } = destination;
    const resolved = await this.#resolver.resolve(host, { isPublic: fromRecord === true });
    if (resolved.kind === 'failed') return nowhere(say.unresolved(host, resolved.why, hostname));
    const name = isIP(host) === 0 ? ` (${host})` : '';
    const found = resolved.ips.map((ip) => ({ address: formatAddress(ip, port) + name, ip, port }));
    // All of a name's addresses must pass: the rest may not pass unseen.
    return resolved.beyond === 0
      ? found
      : [...found, ...nowhere(say.beyond(host, resolved.beyond, hostname))];
  }

  async #knock(task: Task, place: Extract<Place, { ip: string }>): Promise<Verdict> {
    const { target, wantedMs, signal } = task;
    const { ip, port, address } = place;
    const unseen = this.#unseen(task, ip);
    if (unseen !== undefined) return verdict(target, address, this.#moment(), unseen);
    const turn = await this.#limits.turn(formatAddress(ip, port), signal);
    let restMs = 0;
    try {
      const dead = this.#unreached.find(formatAddress(ip, port), wantedMs);
      if (dead !== undefined) return verdict(target, address, dead.moment, unconnected(dead.dialled, target));
      const { moment, knocked } = await this.#look(task, place, turn);
      const { plain, withClient } = knocked;
      if (strains(plain) || (withClient !== undefined && strains(withClient))) restMs = REST_MS;
      return verdict(target, address, moment, this.#judged(task, knocked));
    } finally {
      turn.end(restMs);
    }
  }

  /** Where nobody knocks. */
  #unseen({ target, hostname }: Task, ip: string): Finding | undefined {
    const refusal = this.#guard.refusal(ip);
    if (refusal !== undefined) return blank('Unverifiable', say.guarded(ip, refusal, hostname));
    if (!isCloudflareAddress(ip)) return undefined;
    return target.fromRecord === true
      ? blank('NoOrigin', say.insideCloudflare(ip))
      : blank('Unverifiable', say.edgeInstead(ip, hostname));
  }

  async #look(
    { hostname, plain, client, signal }: Task,
    { ip, port }: { readonly ip: string; readonly port: number },
    turn: Turn,
  ): Promise<{ readonly moment: Moment; readonly knocked: Knocked }> {
    const request = { ip, port, hostname, connectTimeoutMs: this.#connectTimeoutMs, clock: this.#clock };
    await turn.connection(signal);
    const moment = this.#moment();
    const first = await dial({ ...request, client: plain }, signal);
    const address = formatAddress(ip, port);
    if (first.kind === 'no-connection') this.#unreached.note(address, { moment, dialled: first });
    else this.#unreached.forget(address);
    let second: Dialled | undefined;
    const isDone = first.kind === 'no-connection' || (first.kind === 'presented' && strains(first));
    if (client !== undefined && !isDone) {
      await turn.connection(signal);
      second = await dial({ ...request, client }, signal);
    }
    let isHttp = false;
    if (first.kind === 'no-tls' && NO_TLS_AT_ALL.has(first.code)) {
      await turn.connection(signal);
      isHttp = await speaksHttp(request, signal);
    }
    return { moment, knocked: { plain: first, withClient: second, speaksHttp: isHttp } };
  }

  #judged({ target, hostname, trust }: Task, knocked: Knocked): Finding {
    return findingOf(knocked, { hostname, routedBy: target.routedBy, trust, now: this.#clock.now() });
  }
}

/** What OpenSSL says of bytes that are no TLS, and servers of ours when they hang up on bytes that are no HTTP. */
const NO_TLS_AT_ALL = new Set([
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  'ECONNRESET',
  'close',
]);

function keyOf(place: Place): string {
  return place.ip === undefined ? place.address : formatAddress(place.ip, place.port);
}

function verdict(
  { hostname, source, fromRecord }: ProbeTarget,
  address: string,
  { beganMs, at }: Moment,
  finding: Finding,
): Verdict {
  return { hostname, address, source, ...(fromRecord && { fromRecord }), ...finding, beganMs, at };
}
