import type { Dispatcher } from 'undici';
import type { Clock } from '../clock.ts';
import { Breaker } from './breaker.ts';
import type { Budget, Share } from './budget.ts';
import { CloudflareClient } from './client.ts';
import { createDispatcher } from './dispatcher.ts';
import { Requests, type RequestsOptions } from './requests.ts';
import { Semaphore } from './semaphore.ts';
import type { ApiToken } from './token.ts';
import { Transport, type TransportOptions } from './transport.ts';
import { ZoneClient } from './zone-client.ts';

export interface CloudflareApiOptions extends Pick<
  TransportOptions,
  'baseUrl' | 'fence' | 'onRequest' | 'onDate'
> {
  readonly budget: Budget;
  /** What all clients share of an outage; one of its own unless given. */
  readonly breaker?: Breaker;
  readonly clock: Clock;
  /** Time limit of a POST, milliseconds; a second per hostname is added. */
  readonly postTimeoutMs: number;
  /** Requests out at once, all tokens together. */
  readonly concurrency?: number;
  /** Where HTTPS_PROXY and NO_PROXY are read from; the process's environment. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

type Source = RequestsOptions['source'];

/** More than the default workers can keep busy, and few enough for any proxy on the way. */
const DEFAULT_CONCURRENCY = 64;

/** One per process: the connections and limits that all clients share. */
export class CloudflareApi {
  readonly #options: CloudflareApiOptions;
  readonly #dispatcher: Dispatcher;
  readonly #transport: Transport;
  readonly #breaker: Breaker;

  /** Throws a sentence for a person when HTTPS_PROXY is no URL. */
  constructor(options: CloudflareApiOptions) {
    const {
      concurrency = DEFAULT_CONCURRENCY,
      env = process.env,
      baseUrl,
      budget,
      fence,
      onRequest,
      onDate,
    } = options;
    this.#options = options;
    this.#breaker = options.breaker ?? new Breaker({ clock: options.clock });
    this.#dispatcher = createDispatcher({ connections: concurrency, env });
    this.#transport = new Transport({
      baseUrl: baseUrl.replace(/\/+$/, ''),
      dispatcher: this.#dispatcher,
      slots: new Semaphore(concurrency),
      budget,
      fence,
      onRequest,
      onDate,
    });
  }

  /**
   * A client for one issuer's token; cheap to make, and it keeps nothing.
   *
   * @param source where the token comes from, as those may know it who are told what the client's requests met.
   */
  client(token: ApiToken, source?: Source): CloudflareClient {
    const { postTimeoutMs } = this.#options;
    return new CloudflareClient({
      requests: this.#requests(token, 'certificates', source),
      inventoryRequests: this.#requests(token, 'zones', source),
      postTimeoutMs,
    });
  }

  /** A client for one OriginZone's token, which pays from the zones' share; cheap to make, and it keeps nothing. */
  zoneClient(token: ApiToken, source?: Source): ZoneClient {
    return new ZoneClient(this.#requests(token, 'zones', source), token.digest());
  }

  /** Ends all connections; what is in flight fails. */
  async close(): Promise<void> {
    await this.#dispatcher.destroy();
  }

  #requests(token: ApiToken, share: Share, source: Source): Requests {
    const { budget, clock } = this.#options;
    return new Requests({
      transport: this.#transport,
      breaker: this.#breaker,
      token,
      budget,
      clock,
      share,
      source,
    });
  }
}
