import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** Longer than anything here takes on a busy machine, and far shorter than what goes wrong by the square of its length. */
const PATIENCE_MS = 9000;

/**
 * What an exported function answers, called in a thread of its own, which is ended when it takes too long: a function
 * that does not come back would stop the test's own thread, deadline and all.
 *
 * @param module URL of a module.
 */
export async function inTime(module: URL, name: string, ...args: readonly unknown[]): Promise<unknown> {
  const code = `
    const { parentPort, workerData } = require('node:worker_threads');
    import(workerData.module).then((all) => parentPort.postMessage(all[workerData.name](...workerData.args) ?? null));
  `;
  const worker = new Worker(code, { eval: true, workerData: { module: module.href, name, args } });
  try {
    const [answer] = (await once(worker, 'message', { signal: AbortSignal.timeout(PATIENCE_MS) })) as [
      unknown,
    ];
    return answer;
  } catch (error) {
    throw new Error(`${name} did not answer`, { cause: error });
  } finally {
    await worker.terminate();
  }
}
