import { check, forget, refuse } from './act.ts';
import type { IssuerContext } from './context.ts';
import { decide } from './decide.ts';
import { observe } from './observe.ts';
import { report } from './report.ts';
import { parseIssuer } from '../sessions.ts';

/** How often a token Secret is read: a corrected token heals within twice this time. */
const READ_MS = 30_000;

/** observe → decide → act → report, for either issuer kind. */
export async function reconcileIssuer(
  context: IssuerContext,
  text: string,
  signal: AbortSignal,
): Promise<{ readonly requeueAfterMs?: number }> {
  const key = parseIssuer(text);
  const world = await observe(context, key, signal);
  const action = decide(world);
  if (world.issuer === undefined || action.type === 'Forget') {
    forget(context, key);
    return {};
  }
  switch (action.type) {
    case 'Refuse':
      refuse(context, key, world.issuer, action.message);
      await report(context, key, world.issuer, { outcome: 'no-token', ...action }, signal);
      break;
    case 'Check': {
      const { result } = await check(context, key, world.issuer, action.token, action.scope, signal);
      await report(context, key, world.issuer, result, signal);
      break;
    }
    case 'Keep':
      await report(context, key, world.issuer, action.last.result, signal);
      break;
  }
  const dueMs = action.type === 'Keep' ? action.last.nextAt - world.now : READ_MS;
  return { requeueAfterMs: Math.max(1000, Math.min(READ_MS, dueMs)) };
}
