import { readFile } from 'node:fs/promises';

/** Resident memory of one life of one replica. */
interface Sample {
  readonly pid: number;
  /** Seconds since this life was first looked at. */
  readonly ageSeconds: number;
  readonly atSeconds: number;
  readonly mb: number;
}

/** What is left out of the slope: a process grows while it starts. */
const WARM_UP_SECONDS = 60;
/** Of a shorter life nothing can be said. */
const LEAST_SECONDS = 180;

/** The memory of the replicas over time. */
export class MemoryUse {
  readonly #samples: Sample[] = [];
  readonly #firstSeen = new Map<number, number>();

  /** Undefined where the process has just ended. */
  async look(pid: number, atSeconds: number): Promise<number | undefined> {
    const mb = await residentMb(pid);
    if (mb === undefined) return undefined;
    const first = this.#firstSeen.get(pid) ?? atSeconds;
    this.#firstSeen.set(pid, first);
    this.#samples.push({ pid, ageSeconds: atSeconds - first, atSeconds, mb });
    return mb;
  }

  get mostMb(): number {
    return Math.max(0, ...this.#samples.map(({ mb }) => mb));
  }

  get lives(): number {
    return this.#firstSeen.size;
  }

  get longestMinutes(): number {
    return Math.max(0, ...this.#samples.map(({ ageSeconds }) => ageSeconds)) / 60;
  }

  /** The most of each tenth of the run, for a line of figures. */
  course(): readonly number[] {
    const end = Math.max(1, ...this.#samples.map(({ atSeconds }) => atSeconds));
    return Array.from({ length: 10 }, (_, tenth) => {
      const within = this.#samples.filter(
        ({ atSeconds }) => Math.min(9, Math.floor((atSeconds / end) * 10)) === tenth,
      );
      return Math.round(Math.max(0, ...within.map(({ mb }) => mb)));
    });
  }

  /**
   * MB an hour by which a process grows while it lives: one slope through all lives, each measured against its own
   * mean, so that many short lives count as one long. Undefined where none lived long enough.
   */
  slope(): number | undefined {
    const warm = this.#samples.filter(({ ageSeconds }) => ageSeconds >= WARM_UP_SECONDS);
    let products = 0;
    let squares = 0;
    for (const life of Map.groupBy(warm, ({ pid }) => pid).values()) {
      if (Math.max(...life.map(({ ageSeconds }) => ageSeconds)) < LEAST_SECONDS) continue;
      const meanAge = mean(life.map(({ ageSeconds }) => ageSeconds));
      const meanMb = mean(life.map(({ mb }) => mb));
      for (const { ageSeconds, mb } of life) {
        products += (ageSeconds - meanAge) * (mb - meanMb);
        squares += (ageSeconds - meanAge) ** 2;
      }
    }
    return squares === 0 ? undefined : (products / squares) * 3600;
  }
}

async function residentMb(pid: number): Promise<number | undefined> {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) / 1024 || undefined;
  } catch {
    return undefined; // It has ended; where there is no /proc, nothing is measured.
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
