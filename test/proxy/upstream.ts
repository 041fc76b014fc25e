import {
  Agent as HttpAgent,
  type IncomingMessage,
  request as httpRequest,
  type ServerResponse,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

export interface UpstreamOptions {
  /** http:// or https:// URL of the server behind. */
  readonly upstream: string;
  /** PEM roots that the server behind is trusted by. */
  readonly ca?: string | Buffer;
  /** A client certificate for the server behind: one that the caller shows ends at the proxy. */
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  /** What is asked of the server behind instead of a path with its query. */
  readonly rewrite?: ((path: string) => string) | undefined;
}

/** The server behind the proxy. */
export class Upstream {
  readonly url: URL;
  readonly #tls: Omit<UpstreamOptions, 'upstream' | 'rewrite'>;
  readonly #rewrite: (path: string) => string;
  readonly #agent: HttpAgent;

  constructor({ upstream, rewrite = (path) => path, ...tls }: UpstreamOptions) {
    this.#rewrite = rewrite;
    this.url = new URL(upstream);
    this.#tls = tls;
    this.#agent = this.#secure ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  }

  /** Passes a request on; resolves with the head of the answer. Ends when the caller goes away. */
  send(request: IncomingMessage, body: Buffer, response: ServerResponse): Promise<IncomingMessage> {
    const send = this.#secure ? httpsRequest : httpRequest;
    const target = new URL(this.#rewrite(request.url ?? '/'), this.url.origin);
    const headers = { ...request.headers, host: target.host, 'content-length': body.length };
    const options = { ...this.#tls, method: request.method, headers, agent: this.#agent };
    return new Promise((resolve, reject) => {
      const onward = send(target, options, resolve);
      onward.on('error', reject);
      response.once('close', () => void onward.destroy());
      onward.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }

  get #secure(): boolean {
    return this.url.protocol === 'https:';
  }
}
