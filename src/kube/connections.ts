import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import { type Dispatcher, Pool } from 'undici';
import { type Credentials, type CredentialSource, sameTls } from './credentials.ts';

type Source = Pick<CredentialSource, 'current' | 'distrust'>;

/**
 * The connections to one API server, made anew when the certificates or the CA of the credentials change. There is no
 * limit to them: a request is on its way when it is sent, so that no write waits in a queue behind a fence it has
 * already passed.
 */
export class Connections {
  readonly #origin: string;
  readonly #source: Source;
  /** Whose TLS material the pool was made with. */
  #credentials: Credentials;
  #pool: Pool;
  /** Replaced pools whose last responses (watches) still run. */
  readonly #retired = new Set<Pool>();
  #closed = false;

  static async open(origin: string, source: Source): Promise<Connections> {
    return new Connections(origin, source, await source.current());
  }

  private constructor(origin: string, source: Source, credentials: Credentials) {
    this.#origin = origin;
    this.#source = source;
    this.#credentials = credentials;
    this.#pool = newPool(origin, credentials);
  }

  /** What to send over at this instant: it is closed as soon as it is replaced. */
  get dispatcher(): Dispatcher {
    return this.#pool;
  }

  /** What lets each request in. */
  get headers(): Credentials['headers'] {
    return this.#credentials.headers;
  }

  /** Sees to it that the credentials are those of the moment. Those under way end with what they began with. */
  async refresh(): Promise<void> {
    const credentials = await this.#source.current();
    if (credentials === this.#credentials) return;
    const keep = sameTls(credentials, this.#credentials) || this.#closed;
    this.#credentials = credentials;
    if (keep) return;
    const old = this.#pool;
    this.#pool = newPool(this.#origin, credentials);
    this.#retired.add(old);
    const forget = (): void => void this.#retired.delete(old);
    void old.close().then(forget, forget); // Rejects when `close` has destroyed it meanwhile.
  }

  /** The server refused the credentials. */
  refused(): void {
    this.#source.distrust();
  }

  /**
   * Ends every connection and begins with new ones: where a network dropped them without a word, whatever is out on
   * them (watches above all) would wait for minutes.
   */
  async reconnect(): Promise<void> {
    if (this.#closed) return; // A new pool would be closed by nobody.
    const old = [this.#pool, ...this.#retired];
    this.#pool = newPool(this.#origin, this.#credentials);
    await Promise.all(old.map((pool) => pool.destroy()));
  }

  /** Ends every connection, also those of running watches. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([this.#pool, ...this.#retired].map((pool) => pool.destroy()));
  }
}

const MIN_VERSION = { minVersion: 'TLSv1.2' } as const;

/** One context for all connections: made anew for each, it costs more than the handshake. */
function sharedContext(options: SecureContextOptions): { secureContext?: SecureContext } {
  try {
    return { secureContext: createSecureContext(options) };
  } catch {
    return {}; // What is wrong with the material is said where it belongs: by each request that cannot connect.
  }
}

/** No Agent: one that is closing has forgotten its connections, so it cannot destroy them any more. */
function newPool(origin: string, { tls }: Credentials): Pool {
  return new Pool(origin, {
    // Server-sent GOAWAYs and undici's young HTTP/2 lose requests in flight.
    allowH2: false,
    keepAliveTimeout: 60_000,
    connect: {
      ...tls,
      ...sharedContext({ ...tls, ...MIN_VERSION }),
      ...MIN_VERSION,
      timeout: 5_000,
      keepAlive: true,
      keepAliveInitialDelay: 30_000,
    },
  });
}
