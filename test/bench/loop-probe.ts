import { appendFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/**
 * Loaded into the measured operator with `--import`. The first SIGUSR2 begins to watch its event loop, the next
 * appends the longest stall since to the file that LOOP_PROBE_FILE names, in milliseconds, and so on in turn. In
 * between nothing runs: the timer behind it would be the largest part of an idle operator's CPU.
 */

/** How often the loop is looked at: it is part of every measured distance between two looks. */
const RESOLUTION_MS = 2;

const file = process.env['LOOP_PROBE_FILE'];
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
let watching = false;

if (file !== undefined) {
  process.on('SIGUSR2', () => {
    watching = !watching;
    if (watching) {
      delay.reset();
      delay.enable();
    } else {
      delay.disable();
      appendFileSync(file, `${Math.max(0, delay.max / 1e6 - RESOLUTION_MS)}\n`);
    }
  });
}
