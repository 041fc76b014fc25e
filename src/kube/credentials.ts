import type { RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';

/** What it takes to be let in: TLS material for the connection, headers for each request. */
export interface Credentials {
  readonly tls: {
    readonly ca?: TlsBytes;
    readonly cert?: TlsBytes;
    readonly key?: TlsBytes;
    readonly servername?: string;
    readonly rejectUnauthorized?: boolean;
  };
  readonly headers: Readonly<Record<string, string>>;
}

type TlsBytes = string | Buffer | (string | Buffer)[];

/** After a failure, or an answer of 401, credentials are read again, but not more often than this. */
const RETRY_MS = 1_000;

/**
 * The credentials of a kubeconfig, read anew from time to time: the files of a pod's service account rotate, and
 * an exec plugin's token runs out.
 */
export class CredentialSource {
  readonly #kubeConfig: KubeConfig;
  readonly #everyMs: number;
  readonly #onProblem: (text: string) => void;
  #current: Credentials;
  #nextReadMs: number;
  #lastReadMs = performance.now();
  #reading: Promise<void> | undefined;

  /** Throws where the credentials cannot be read now. */
  static async open(
    kubeConfig: KubeConfig,
    everyMs: number,
    onProblem: (text: string) => void,
  ): Promise<CredentialSource> {
    return new CredentialSource(kubeConfig, everyMs, onProblem, await readCredentials(kubeConfig));
  }

  private constructor(
    kubeConfig: KubeConfig,
    everyMs: number,
    onProblem: (text: string) => void,
    first: Credentials,
  ) {
    this.#kubeConfig = kubeConfig;
    this.#everyMs = everyMs;
    this.#onProblem = onProblem;
    this.#current = first;
    this.#nextReadMs = this.#lastReadMs + everyMs;
  }

  /** The credentials to use now. Never rejects: the last ones may still be good, and the server says if not. */
  async current(): Promise<Credentials> {
    if (performance.now() >= this.#nextReadMs) {
      this.#reading ??= this.#read().finally(() => {
        this.#reading = undefined;
      });
      await this.#reading;
    }
    return this.#current;
  }

  /** The server refused them: they may have been rotated since they were read. */
  distrust(): void {
    this.#nextReadMs = Math.min(this.#nextReadMs, this.#lastReadMs + RETRY_MS);
  }

  async #read(): Promise<void> {
    this.#lastReadMs = performance.now();
    try {
      this.#current = await readCredentials(this.#kubeConfig);
      this.#nextReadMs = this.#lastReadMs + this.#everyMs;
    } catch (error) {
      this.#nextReadMs = this.#lastReadMs + RETRY_MS;
      const why = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
      this.#onProblem(
        `the credentials for the API server could not be read anew (${why}); the last ones stay in use`,
      );
    }
  }
}

/** The same bytes of TLS material, so that the connections in use stay good. */
export function sameTls(a: Credentials, b: Credentials): boolean {
  return fingerprint(a.tls) === fingerprint(b.tls);
}

async function readCredentials(kubeConfig: KubeConfig): Promise<Credentials> {
  const options: RequestOptions = {};
  await kubeConfig.applyToHTTPSOptions(options);
  return { tls: tlsOf(options), headers: headersOf(options) };
}

function fingerprint(tls: Credentials['tls']): string {
  return JSON.stringify(tls, (_key, value: unknown) =>
    Buffer.isBuffer(value) ? value.toString('base64') : value,
  );
}

function tlsOf(options: RequestOptions): Credentials['tls'] {
  return {
    ...bytes('ca', options.ca),
    ...bytes('cert', options.cert),
    ...bytes('key', options.key),
    ...(options.servername === undefined ? {} : { servername: options.servername }),
    ...(options.rejectUnauthorized === undefined ? {} : { rejectUnauthorized: options.rejectUnauthorized }),
  };
}

function bytes(name: 'ca' | 'cert' | 'key', value: unknown): Partial<Record<typeof name, TlsBytes>> {
  if (typeof value === 'string' || Buffer.isBuffer(value)) return { [name]: value };
  return Array.isArray(value)
    ? { [name]: value.filter((v) => typeof v === 'string' || Buffer.isBuffer(v)) }
    : {};
}

function headersOf(options: RequestOptions): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    // A token read from a file ends in a newline, which no header may hold.
    if (typeof value === 'string') headers[name.toLowerCase()] = value.trim();
  }
  if (typeof options.auth === 'string') {
    headers['authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  }
  return headers;
}
