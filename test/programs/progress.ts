/** Receives what is being waited for, one sentence at a time. */
export type Progress = (line: string) => void;

/** A line on stderr: stdout is for what a program says to its caller. */
export const toStderr: Progress = (line) => {
  process.stderr.write(`${line}\n`);
};

/** How often somebody who waits is told that it still goes on. */
const INTERVAL_MS = 10_000;

/** Runs `work` and reports its begin, its end, and every ten seconds in between how long it has taken. */
export async function withProgress<T>(progress: Progress, what: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const elapsed = (): string => `${Math.round((performance.now() - start) / 1000)} s`;
  progress(`${what} ...`);
  const timer = setInterval(() => progress(`${what} ... ${elapsed()}`), INTERVAL_MS);
  try {
    const result = await work();
    progress(`${what}: done in ${elapsed()}`);
    return result;
  } catch (error) {
    progress(`${what}: failed after ${elapsed()}`);
    throw error;
  } finally {
    clearInterval(timer);
  }
}
