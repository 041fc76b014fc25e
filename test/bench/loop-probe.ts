import { appendFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/**
 * Loaded into the measured operator with `--import`: watches its event loop from the start. A SIGUSR2 appends the
 * longest stall so far to the file that LOOP_PROBE_FILE names, in milliseconds, and ends the watch; the next one begins
 * another, and so on in turn. In between nothing runs: the timer behind it would be the largest part of what an idle
 * operator costs.
 */

/** How often the loop is looked at: it is part of every measured distance between two looks. */
const RESOLUTION_MS = 2;

const file = process.env['LOOP_PROBE_FILE'];
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
let watching = true;

if (file !== undefined) {
  delay.enable();
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
