import { lookup, Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';

export type Resolved =
  | {
      readonly kind: 'addresses';
      readonly ips: readonly string[];
      /** Addresses beyond those, which are too many to knock at. */
      readonly beyond: number;
    }
  /** The end of the sentence "the name …". */
  | { readonly kind: 'failed'; readonly why: string };

export interface ResolverOptions {
  /** `ip:port` of the server to ask; absent: the system's way. */
  readonly dnsServer?: string | undefined;
  /** Real time. Default 5 s. */
  readonly timeoutMs?: number;
}

export const MOST_ADDRESSES = 16;

/**
 * Look-ups that are out at once. The system's cannot be called off and run two at a time beside those who need
 * the same threads to make keys: without a bound they would pile up behind a resolver that never answers.
 */
const MOST_LOOKUPS = 64;

/** What the operating system and c-ares say when a name, or an address of that family, does not exist. */
const NO_SUCH_NAME = new Set(['ENOTFOUND', 'ENODATA', 'EAI_NODATA', 'EAI_NONAME']);

/** Names that only the cluster's own DNS knows, whatever server is asked for the rest. */
const CLUSTER_NAME = /^[^.]+$|\.(svc|local)$/;

/** All addresses of a name, both families, aliases followed by the resolver. Bounded in time and number. */
export class NameResolver {
  readonly #server: string | undefined;
  readonly #timeoutMs: number;
  /** Look-ups under way: many names lead to one Ingress controller. */
  readonly #running = new Map<string, Promise<Resolved>>();

  constructor({ dnsServer, timeoutMs = 5_000 }: ResolverOptions) {
    this.#server = dnsServer;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Never rejects: what went wrong is part of the answer.
   *
   * @param isPublic the name means what it means to everybody. A pod's resolver tries a name below the cluster's own
   * domains first, where a Service in a namespace called `dev` or `shop` answers for names that end so.
   */
  resolve(name: string, { isPublic = false }: { readonly isPublic?: boolean } = {}): Promise<Resolved> {
    if (isIP(name) !== 0) return Promise.resolve({ kind: 'addresses', ips: [name], beyond: 0 });
    const host = isPublic && !name.endsWith('.') ? `${name}.` : name;
    const running = this.#running.get(host);
    if (running !== undefined) return within(running, this.#timeoutMs);
    if (this.#running.size >= MOST_LOOKUPS)
      return Promise.resolve(failed('could not be looked up: too many look-ups wait for the DNS server'));
    const begun = this.#look(host)
      .then(bounded, (error: unknown) => failed(whyOf(error)))
      .finally(() => void this.#running.delete(host));
    this.#running.set(host, begun);
    return within(begun, this.#timeoutMs);
  }

  async #look(host: string): Promise<readonly string[]> {
    if (this.#server === undefined) return lookUp(host);
    try {
      return await this.#ask(this.#server, host);
    } catch (error) {
      if (CLUSTER_NAME.test(host) && NO_SUCH_NAME.has(codeOf(error))) return lookUp(host);
      throw error;
    }
  }

  /** Asks the server for both families; without an answer for one, half of the origin would stay unseen. */
  async #ask(server: string, host: string): Promise<readonly string[]> {
    const resolver = new Resolver({ timeout: Math.ceil(this.#timeoutMs / 3), tries: 2 });
    resolver.setServers([server]);
    const [v4, v6] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    const errors = [v4, v6].filter((answer) => answer.status === 'rejected').map(({ reason }) => reason);
    const [worst] = errors.filter((error) => !NO_SUCH_NAME.has(codeOf(error)));
    if (worst !== undefined) throw asError(worst);
    if (errors.length === 2) throw asError(errors[0]);
    return [v4, v6].flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  }
}

async function lookUp(host: string): Promise<readonly string[]> {
  const found = await lookup(host, { all: true, order: 'verbatim' });
  return found.map(({ address }) => address);
}

function bounded(found: readonly string[]): Resolved {
  const all = [...new Set(found)];
  if (all.length === 0) return failed('has no address');
  const ips = all.slice(0, MOST_ADDRESSES);
  return { kind: 'addresses', ips, beyond: all.length - ips.length };
}

function whyOf(error: unknown): string {
  const code = codeOf(error);
  return NO_SUCH_NAME.has(code) ? 'does not exist, or has no address' : `could not be looked up (${code})`;
}

async function within(running: Promise<Resolved>, timeoutMs: number): Promise<Resolved> {
  const late = Promise.withResolvers<Resolved>();
  const timer = setTimeout(
    () => late.resolve(failed(`could not be looked up within ${timeoutMs / 1_000} s`)),
    timeoutMs,
  );
  try {
    return await Promise.race([running, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function failed(why: string): Resolved {
  return { kind: 'failed', why };
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN';
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error('the look-up failed', { cause: error });
}
