import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Agent, request } from 'undici';

/** Where the administrator's credentials of a control plane are. */
export interface AdminAccess {
  readonly dir: string;
  readonly apiServerUrl: string;
}

/** The API server said no. `message` is that of its Status. */
export class ApiRefusal extends Error {
  override readonly name = 'ApiRefusal';
  readonly statusCode: number;

  constructor(statusCode: number, message: string) {
    super(message);
    this.statusCode = statusCode;
  }
}

interface Call {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** With leading slash and query. */
  readonly path: string;
  readonly body?: unknown;
  /** Default application/json. */
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

const TIMEOUT_MS = 30_000;

/**
 * Requests as cluster administrator, raw. Stands apart from src/kube, which the tests are there to judge.
 */
export class AdminClient {
  readonly #url: string;
  readonly #agent: Agent;

  static async connect({ dir, apiServerUrl }: AdminAccess): Promise<AdminClient> {
    const read = (name: string): Promise<string> => readFile(join(dir, name), 'utf8');
    const [ca, cert, key] = await Promise.all([read('ca.crt'), read('admin.crt'), read('admin.key')]);
    return new AdminClient(apiServerUrl, new Agent({ allowH2: false, connect: { ca, cert, key } }));
  }

  private constructor(url: string, agent: Agent) {
    this.#url = url;
    this.#agent = agent;
  }

  /** The parsed answer. Throws ApiRefusal for any status of 400 and above, undici's error when there is none. */
  async call({ method, path, body, contentType = 'application/json', signal }: Call): Promise<unknown> {
    const response = await request(`${this.#url}${path}`, {
      dispatcher: this.#agent,
      method,
      headers: { accept: 'application/json', ...(body !== undefined && { 'content-type': contentType }) },
      body: body === undefined ? null : JSON.stringify(body),
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
      ...(signal && { signal }),
    });
    const text = await response.body.text();
    if (response.statusCode >= 400) throw new ApiRefusal(response.statusCode, statusMessage(text));
    return text.startsWith('{') ? JSON.parse(text) : text;
  }

  /** Server-side apply of one object at its path. */
  async apply(path: string, object: unknown): Promise<unknown> {
    return this.call({
      method: 'PATCH',
      path: `${path}?fieldManager=test&force=true`,
      body: object,
      contentType: 'application/apply-patch+yaml',
    });
  }

  /** Waits for calls in flight. Once only. */
  async close(): Promise<void> {
    await this.#agent.close();
  }

  /** Ends calls in flight. Idempotent. */
  async destroy(): Promise<void> {
    await this.#agent.destroy();
  }
}

function statusMessage(text: string): string {
  if (!text.startsWith('{')) return text.slice(0, 500);
  const status = JSON.parse(text) as { message?: string };
  return status.message ?? text.slice(0, 500);
}
