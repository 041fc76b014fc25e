import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import type { ControlPlaneInfo } from '../programs/access.ts';

interface Table {
  readonly columnDefinitions: readonly { readonly name: string; readonly priority: number }[];
  readonly rows: readonly { readonly cells: readonly (string | number | null)[] }[];
}

/** What `kubectl get` prints: the API server makes the table, columns and all. */
export class KubectlGet implements AsyncDisposable {
  readonly #url: string;
  readonly #agent: Agent;

  /** As cluster administrator. */
  static async connect({ dir, apiServerUrl }: ControlPlaneInfo): Promise<KubectlGet> {
    const read = (name: string): Promise<string> => readFile(join(dir, name), 'utf8');
    const [ca, cert, key] = await Promise.all([read('ca.crt'), read('admin.crt'), read('admin.key')]);
    return new KubectlGet(apiServerUrl, new Agent({ allowH2: false, connect: { ca, cert, key } }));
  }

  private constructor(url: string, agent: Agent) {
    this.#url = url;
    this.#agent = agent;
  }

  /** Header and rows of a collection such as `/api/v1/namespaces/web/secrets`. */
  async table(path: string): Promise<string[][]> {
    const { statusCode, body } = await request(`${this.#url}${path}`, {
      dispatcher: this.#agent,
      headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
      signal: AbortSignal.timeout(10_000),
    });
    if (statusCode !== 200) throw new Error(`${path} answered ${statusCode}: ${await body.text()}`);
    // The parse boundary: a Table was asked for.
    const { columnDefinitions, rows } = (await body.json()) as Table;
    const shown = columnDefinitions.flatMap(({ priority }, index) => (priority === 0 ? [index] : []));
    const header = shown.map((index) => (columnDefinitions[index]?.name ?? '').toUpperCase());
    return [header, ...rows.map(({ cells }) => shown.map((index) => String(cells[index] ?? '')))];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.close();
  }
}
