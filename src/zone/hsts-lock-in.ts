import { formatDuration } from '../api/duration.ts';
import { agesMs, freshMs, look, unseenWords, wantedProbes, worstWords } from './gate-look.ts';
import { hstsOf, locksLonger, newlyPreloads, SHORT_MAX_AGE } from './hsts.ts';
import { usesTls } from './settings.ts';
import { type Difference, hold, observedSsl } from './settings-difference.ts';
import type { SettingAction } from './world.ts';

const ACKNOWLEDGE = 'If it is meant all the same, set spec.settings.hsts.acknowledgeLockIn to true.';

/** Browsers keep the promise even when the zone no longer can: it is not given lightly. */
export function lockIn(difference: Difference): SettingAction | undefined {
  const { world, reading, value } = difference;
  if (world.spec.settings?.hsts?.acknowledgeLockIn) return undefined;
  const observed = hstsOf(reading.value);
  const next = hstsOf(value);
  if (observed === undefined || next === undefined) return undefined;
  if (newlyPreloads(observed, next)) {
    const message = `preload builds it into browsers, for months after it is taken back. ${ACKNOWLEDGE}`;
    return hold(difference, 'LockIn', message, { stalled: true });
  }
  return locksLonger(observed, next)
    ? (modeCannotHold(difference) ?? originsCannotHold(difference))
    : undefined;
}

const PROMISE = `A maxAge of more than ${formatDuration(SHORT_MAX_AGE * 1000)} locks visitors to https`;

function modeCannotHold(difference: Difference): SettingAction | undefined {
  const mode = observedSsl(difference.world);
  if (mode !== undefined && usesTls(mode)) return undefined;
  const message = `${PROMISE}, which ssl ${mode ?? '(not known yet)'} cannot hold. Set ssl to full or strict first. ${ACKNOWLEDGE}`;
  return hold(difference, 'LockIn', message, { stalled: mode !== undefined });
}

function originsCannotHold(difference: Difference): SettingAction | undefined {
  const { world, sinceMs } = difference;
  if (world.spec.gate.origins === 'Skip') {
    const message = `${PROMISE}, and spec.gate.origins Skip leaves out the look at the origins. ${ACKNOWLEDGE}`;
    return hold(difference, 'LockIn', message, { stalled: true });
  }
  const seen = look(world, Math.max(sinceMs, world.monotonic - freshMs(world)));
  const bad = seen.counted.filter(({ result }) => result !== 'Valid');
  if (bad.length > 0) {
    const message = `${PROMISE}, which not all origins hold: ${worstWords(bad, 3)}. Mend them first. ${ACKNOWLEDGE}`;
    const againMs = seen.missing.length === 0 ? agesMs(seen) : undefined;
    return hold(difference, 'LockIn', message, {
      stalled: true,
      ...wantedProbes(seen),
      ...(againMs === undefined ? {} : { againMs }),
    });
  }
  const why = unseenWords(seen);
  if (why === undefined) return undefined;
  return hold(difference, 'LockIn', `${PROMISE}. ${why}`, wantedProbes(seen));
}
