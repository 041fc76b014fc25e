import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from '../support/build.ts';
import type { OperatorProcess } from '../support/operator-process.ts';
import { NotYet, waitFor } from '../support/wait.ts';

const SOURCE = 'test/bench/loop-probe.ts';
/** Loaded as TypeScript it would bring Node's type stripper into the measured process: 20 MB of what is measured. */
const PROBE = 'dist/bench/loop-probe.js';
const ROOT = new URL('../../', import.meta.url);

/** Watches the event loop of an operator that was started with `nodeFlags` and `env` of this. */
export class LoopStall implements AsyncDisposable {
  readonly nodeFlags: readonly string[] = [`--import=${fileURLToPath(new URL(PROBE, ROOT))}`];
  readonly #dir: string;
  #looks = 0;

  static async create(): Promise<LoopStall> {
    await bundle(SOURCE, PROBE);
    const made = new LoopStall(await mkdtemp(join(tmpdir(), 'originca-loop-')));
    await writeFile(made.#file, '');
    return made;
  }

  private constructor(dir: string) {
    this.#dir = dir;
  }

  get env(): Readonly<Record<string, string>> {
    return { LOOP_PROBE_FILE: this.#file };
  }

  get #file(): string {
    return join(this.#dir, 'stalls');
  }

  /** Milliseconds of the longest time for which the operator's event loop stood still since its start. */
  async sinceStart(operator: OperatorProcess): Promise<number> {
    return await this.#end(operator);
  }

  /** The same during the work only. What came before must have been asked for. */
  async during(operator: OperatorProcess, work: () => Promise<unknown>): Promise<number> {
    operator.signal('SIGUSR2');
    await work();
    return await this.#end(operator);
  }

  async #end(operator: OperatorProcess): Promise<number> {
    operator.signal('SIGUSR2');
    this.#looks += 1;
    const { ms } = await waitFor(
      'the probe in the operator to answer',
      async () => {
        const lines = (await readFile(this.#file, 'utf8')).split('\n').slice(0, -1);
        return lines.length < this.#looks ? new NotYet(lines) : { ms: Number(lines.at(-1)) };
      },
      { timeoutMs: 30_000 },
    );
    return ms;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#dir, { recursive: true, force: true });
  }
}
