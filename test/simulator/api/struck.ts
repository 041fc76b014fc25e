import type { FaultSpec } from '../fault.ts';
import type { World } from '../world/world.ts';
import { ApiError, messageOf, statusOfCode } from './errors.ts';
import { htmlPage, refusal, spoiled, success, type Reply } from './reply.ts';
import type { Answer } from './route.ts';

/** How an exchange ends: with an answer, or with less than that. */
export type Ending =
  | { readonly kind: 'answer' | 'cut'; readonly reply: Reply }
  | { readonly kind: 'reset' }
  | { readonly kind: 'hang' };

export type Effect = () => Promise<Answer> | Answer;

/** Does what was asked, unless the fault prevents it, and answers, unless the fault prevents that. */
export async function struck(world: World, ray: string, fault: FaultSpec, effect: Effect): Promise<Ending> {
  await world.clock.after(fault.delayMs ?? 0);
  if (fault.hang === true) return { kind: 'hang' };
  if (fault.resetBefore === true) return { kind: 'reset' };
  const refused = refusalOf(world, ray, fault);
  const prevents = refused !== undefined && fault.storedButFails !== true;
  const done = prevents ? refused : await outcome(world, noticed(effect, fault), fault.messagesAs);
  // What was refused anyway stays so; what was done is denied by storedButFails.
  const reply = refused !== undefined && done.status === 200 ? refused : done;
  await world.clock.after(fault.delayAfterMs ?? 0);
  if (fault.resetAfter === true) return { kind: 'reset' };
  return { kind: fault.cutBody === true ? 'cut' : 'answer', reply: spoiled(reply, fault) };
}

/** A form of messages shows only where there is one. */
function noticed(effect: Effect, { messagesAs }: FaultSpec): Effect {
  if (messagesAs === undefined) return effect;
  return async () => ({ messages: [{ code: 1006, message: messageOf(1006) }], ...(await effect()) });
}

/** What a request gets when nothing strikes it. */
export async function outcome(
  world: World,
  effect: Effect,
  form = world.settings.messagesAs,
): Promise<Reply> {
  try {
    return success(await effect(), form);
  } catch (error) {
    return refusalFor(error, world);
  }
}

/** The envelope of a thrown refusal; anything else thrown is a bug and goes on. */
export function refusalFor(error: unknown, { settings }: World): Reply {
  if (!(error instanceof ApiError)) throw error;
  const status = error.status ?? statusOfCode(error.errors[0]?.code, settings.statuses);
  return refusal(error, status, settings.messagesAs);
}

/** The refusal that a fault stands for; undefined when it only spoils or delays. */
function refusalOf({ settings }: World, ray: string, fault: FaultSpec): Reply | undefined {
  if (fault.html !== undefined && fault.html !== false) {
    const page = htmlPage(fault.status ?? 502, ray, fault.html === true ? undefined : fault.html);
    return withRetryAfter(page, fault);
  }
  if (!refuses(fault)) return undefined;
  const code = fault.code ?? defaultCode(fault);
  const status =
    fault.successFalse200 === true ? 200 : (fault.status ?? statusOfCode(code, settings.statuses));
  const error = new ApiError([{ code, message: fault.message ?? messageOf(code) }]);
  return withRetryAfter(refusal(error, status, fault.messagesAs ?? settings.messagesAs), fault);
}

function refuses({ status, code, message, retryAfter, successFalse200, storedButFails }: FaultSpec): boolean {
  const given = [status, code, message, retryAfter].some((value) => value !== undefined);
  return given || successFalse200 === true || storedButFails === true;
}

function defaultCode({ status, retryAfter, storedButFails }: FaultSpec): number {
  if (storedButFails === true) return 1100;
  const limited = status === 429 || (status === undefined && retryAfter !== undefined);
  return limited ? 971 : 1000;
}

function withRetryAfter(reply: Reply, { retryAfter }: FaultSpec): Reply {
  const seconds = retryAfter ?? (reply.status === 429 ? 30 : false);
  return seconds === false ? reply : { ...reply, retryAfter: seconds };
}
