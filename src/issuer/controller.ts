import { awaited, check, forget, refuse } from './act.ts';
import type { IssuerContext } from './context.ts';
import { decide } from './decide.ts';
import { observe } from './observe.ts';
import { report } from './report.ts';
import { parseIssuer } from '../sessions.ts';
import type { CheckMemory } from './world.ts';

/** How often a token Secret is read while its last check did not pass: a corrected token heals within twice this time. */
const READ_MS = 30_000;
/** How often that of a token that works is: one that replaces it is in use within a minute, with its check. */
const READ_GOOD_MS = 40_000;
/**
 * Tokens that work are read together at multiples of this, not each at its own moment: with hundreds of issuers the
 * process would else be woken many times a second, and most of what it costs at rest is waking.
 */
const TOGETHER_MS = 10_000;

/** observe → decide → act → report, for either issuer kind. */
export async function reconcileIssuer(
  context: IssuerContext,
  text: string,
  signal: AbortSignal,
): Promise<{ readonly requeueAfterMs?: number }> {
  try {
    return await pass(context, text, signal);
  } finally {
    context.line.ended(text);
  }
}

async function pass(
  context: IssuerContext,
  text: string,
  signal: AbortSignal,
): Promise<{ readonly requeueAfterMs?: number }> {
  const key = parseIssuer(text);
  const world = await observe(context, key, signal);
  const action = decide(world);
  if (action.type !== 'AwaitTurn') context.line.leave(text, true);
  if (world.issuer === undefined || action.type === 'Forget') {
    forget(context, key);
    return {};
  }
  switch (action.type) {
    case 'Refuse':
      refuse(context, key, world.issuer, action);
      await report(context, key, world.issuer, { outcome: 'no-token', ...action }, signal);
      return { requeueAfterMs: READ_MS };
    case 'AwaitTurn':
      // It is called. Meanwhile its token may change, or go.
      context.line.join(action.want);
      await report(context, key, world.issuer, awaited(context, key, action.digest), signal);
      return { requeueAfterMs: READ_MS };
    case 'Check': {
      const checked = await check(context, key, world.issuer, action.token, action.scope, signal);
      await report(context, key, world.issuer, checked.result, signal);
      return { requeueAfterMs: nextLookMs(checked, context.clock.monotonic()) };
    }
    case 'Keep':
      await report(context, key, world.issuer, action.last.result, signal);
      return { requeueAfterMs: nextLookMs(action.last, world.now) };
  }
}

/** The next check, or the next look at the token, whichever comes first. */
function nextLookMs({ result, nextAt }: CheckMemory, nowMs: number): number {
  const readMs = result.outcome === 'passed' ? together(nowMs, READ_GOOD_MS) : READ_MS;
  return Math.max(1000, Math.min(readMs, nextAt - nowMs));
}

/** How long until the last common moment that is no more than `ms` away. */
function together(nowMs: number, ms: number): number {
  return ms - ((nowMs + ms) % TOGETHER_MS);
}
