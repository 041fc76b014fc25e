import { readFile } from 'node:fs/promises';

/** What the kernel says of a process (Linux). Looking costs the process nothing, unlike a scrape. */
export interface ProcessCost {
  /** User and system time since its start. */
  readonly cpuMs: number;
  readonly residentMb: number;
  /** The most that was ever resident. */
  readonly peakMb: number;
}

/** The kernel counts CPU time in hundredths of a second, whatever its own clock. */
const MS_PER_TICK = 10;

export async function processCost(pid: number): Promise<ProcessCost> {
  const [stat, status] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'utf8'),
    readFile(`/proc/${pid}/status`, 'utf8'),
  ]);
  // The name in parentheses may hold anything; behind it come the fields from the third on.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [user = 0, system = 0] = fields.slice(11, 13).map(Number);
  const kilobytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]);
  return {
    cpuMs: (user + system) * MS_PER_TICK,
    residentMb: (kilobytes('VmRSS') * 1024) / 1e6,
    peakMb: (kilobytes('VmHWM') * 1024) / 1e6,
  };
}
