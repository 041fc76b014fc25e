import { Agent, type Dispatcher, EnvHttpProxyAgent } from 'undici';

export interface DispatcherOptions {
  /** Connections per origin; our own semaphore lets no more requests out. */
  readonly connections: number;
  /** Where HTTPS_PROXY and NO_PROXY are read from. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * The one connection pool towards Cloudflare. HTTP/2 stays off: undici's is young and has lost requests. Extra
 * roots come from NODE_EXTRA_CA_CERTS by Node itself. The client sets the time limits, a request each.
 */
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { connections, env } = options;
  const connect = { timeout: 5000, minVersion: 'TLSv1.2' } as const;
  const agentOptions = { allowH2: false, connections, pipelining: 1, keepAliveTimeout: 60_000, connect };
  const httpsProxy = env['https_proxy'] ?? env['HTTPS_PROXY'] ?? '';
  if (httpsProxy === '') return new Agent(agentOptions);
  if (!/^https?:$/.test(URL.parse(httpsProxy)?.protocol ?? '')) {
    // The value is not shown: proxy addresses carry passwords.
    throw new Error(
      'HTTPS_PROXY is not the URL of a proxy: set it to http://host:port or https://host:port, or unset it.',
    );
  }
  const noProxy = env['no_proxy'] ?? env['NO_PROXY'] ?? '';
  return new EnvHttpProxyAgent({ ...agentOptions, httpProxy: '', httpsProxy, noProxy, requestTls: connect });
}
