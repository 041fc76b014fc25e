import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { randomBytes } from 'node:crypto';
import type { Context, Handler } from 'hono';
import type { FaultSpec } from '../protocol.ts';
import type { BudgetLimits, BudgetVerdict } from '../rules/budget.ts';
import type { RequestEntry } from '../world/requests.ts';
import type { Token } from '../world/tokens.ts';
import type { World } from '../world/world.ts';
import { authenticate, missingPermission } from './authenticate.ts';
import { ApiError, apiError, messageOf, statusOfCode } from './errors.ts';
import { htmlPage, refusal, spoiled, success, type Reply } from './reply.ts';
import type { Answer, Call, PublicRoute, Route } from './route.ts';
import { cutShort, resetConnection } from './wire.ts';

type ApiContext = Context<{ Bindings: HttpBindings }>;

/** How an exchange ends: with an answer, or with less than that. */
type Ending =
  | { readonly kind: 'answer' | 'cut'; readonly reply: Reply }
  | { readonly kind: 'reset' }
  | { readonly kind: 'hang' };

/** One request on its way: what is known of it so far. */
class Exchange {
  readonly world: World;
  readonly context: ApiContext;
  readonly entry: RequestEntry;
  verdict: BudgetVerdict = { granted: true, remaining: 0, resetSeconds: 1 };
  limits: BudgetLimits;

  constructor(world: World, route: Route | PublicRoute, context: ApiContext) {
    const { pathname, search } = new URL(context.req.url);
    const userAgent = context.req.header('user-agent');
    this.world = world;
    this.context = context;
    this.limits = world.settings.budget;
    this.entry = {
      time: new Date(world.clock.now()).toISOString(),
      method: context.req.method,
      path: `${pathname}${search}`,
      operation: route.operation,
      ray: `${randomBytes(8).toString('hex')}-AMS`,
      ...(userAgent !== undefined && { userAgent }),
    };
    world.requests.open(this.entry);
  }

  get address(): string {
    return this.context.env.incoming.socket.remoteAddress ?? '';
  }

  /** Spends one request of a budget; throws 971 when there is none left. */
  spend(budget: 'address' | Token): void {
    const { tokens, settings, clock } = this.world;
    this.limits = budget === 'address' ? settings.addressBudget : settings.budget;
    const owner = budget === 'address' ? tokens.budget(`address ${this.address}`) : tokens.budgetOf(budget);
    this.verdict = owner.take(clock.now(), this.limits);
    if (this.verdict.granted) return;
    throw new ApiError([{ code: 971, message: messageOf(971) }], { retryAfter: this.verdict.resetSeconds });
  }

  refusal(error: unknown): Reply {
    if (!(error instanceof ApiError)) throw error;
    const { settings } = this.world;
    const status = error.status ?? statusOfCode(error.errors[0]?.code, settings.statuses);
    return refusal(error, status, settings.messagesAs);
  }
}

/** The handler of a route for those who have a token. */
export function exchange(world: World, route: Route): Handler<{ Bindings: HttpBindings }> {
  return async (context) => {
    const current = new Exchange(world, route, context);
    return finish(current, await perform(current, route));
  };
}

/** The handler of a route for everybody. */
export function publicExchange(world: World, route: PublicRoute): Handler<{ Bindings: HttpBindings }> {
  return async (context) => {
    const current = new Exchange(world, route, context);
    world.requests.count(current.entry);
    try {
      current.spend('address');
    } catch (error) {
      return finish(current, { kind: 'answer', reply: current.refusal(error) });
    }
    const fault = world.faults.take({ operation: route.operation, body: '' });
    return finish(current, await struck(current, fault, () => route.handle(context.req.query())));
  };
}

async function perform(current: Exchange, route: Route): Promise<Ending> {
  const { world, context, entry } = current;
  try {
    let token: Token;
    try {
      token = authenticate(world, route, {
        header: (name) => context.req.header(name),
        address: current.address,
      });
      entry.tokenId = token.id;
    } finally {
      world.requests.count(entry);
    }
    if (world.settings.addressBudget.quota > 0) current.spend('address');
    current.spend(token);
    const body = await bodyOf(context);
    const fault = world.faults.take({ operation: route.operation, tokenId: token.id, body });
    const call: Call = {
      world,
      token,
      params: context.req.param(),
      query: context.req.query(),
      body,
      ...(fault?.certificate && { variant: fault.certificate }),
    };
    return await struck(current, fault, () => missingPermission(world, route, token) ?? route.handle(call));
  } catch (error) {
    return { kind: 'answer', reply: current.refusal(error) };
  }
}

async function bodyOf(context: ApiContext): Promise<string> {
  try {
    return await context.req.text();
  } catch {
    throw apiError(1003); // The client hung up in the middle of its own request.
  }
}

/** Does what was asked, with the fault around it. */
async function struck(
  current: Exchange,
  fault: FaultSpec | undefined,
  effect: () => Promise<Answer> | Answer,
): Promise<Ending> {
  const { clock, settings } = current.world;
  await clock.after(fault?.delayMs ?? 0);
  if (fault?.hang === true) return { kind: 'hang' };
  if (fault?.resetBefore === true) return { kind: 'reset' };
  const refused = fault === undefined ? undefined : refusalOf(current, fault);
  let reply: Reply;
  if (fault !== undefined && refused !== undefined && fault.storedButFails !== true) reply = refused;
  else {
    try {
      reply = success(await effect(), fault?.messagesAs ?? settings.messagesAs);
      reply = refused ?? reply;
    } catch (error) {
      reply = current.refusal(error);
    }
  }
  await clock.after(fault?.delayAfterMs ?? 0);
  if (fault?.resetAfter === true) return { kind: 'reset' };
  if (fault !== undefined) reply = spoiled(reply, fault);
  return { kind: fault?.cutBody === true ? 'cut' : 'answer', reply };
}

/** The refusal that a fault stands for; undefined when it only spoils or delays. */
function refusalOf(current: Exchange, fault: FaultSpec): Reply | undefined {
  const { settings } = current.world;
  if (fault.html !== undefined && fault.html !== false) {
    const page = htmlPage(
      fault.status ?? 502,
      current.entry.ray,
      fault.html === true ? undefined : fault.html,
    );
    return withRetryAfter(page, fault);
  }
  const refuses =
    fault.status ??
    fault.code ??
    fault.message ??
    fault.retryAfter ??
    fault.successFalse200 ??
    fault.storedButFails;
  if (refuses === undefined || refuses === false) return undefined;
  const limited =
    fault.status === 429 || (fault.status === undefined && typeof fault.retryAfter === 'number');
  const code = fault.code ?? (fault.storedButFails === true ? 1100 : limited ? 971 : 1000);
  const status =
    fault.successFalse200 === true ? 200 : (fault.status ?? statusOfCode(code, settings.statuses));
  const error = new ApiError([{ code, message: fault.message ?? messageOf(code) }]);
  return withRetryAfter(refusal(error, status, fault.messagesAs ?? settings.messagesAs), fault);
}

function withRetryAfter(reply: Reply, { retryAfter }: FaultSpec): Reply {
  const seconds = retryAfter ?? (reply.status === 429 ? 30 : false);
  return seconds === false ? reply : { ...reply, retryAfter: seconds };
}

function finish(current: Exchange, ending: Ending): Response | Promise<Response> {
  const { context, entry } = current;
  switch (ending.kind) {
    case 'reset':
      resetConnection(context.env.outgoing);
      return RESPONSE_ALREADY_SENT;
    case 'hang':
      return RESPONSE_ALREADY_SENT;
    case 'cut':
      cutShort(context.env.outgoing, ending.reply, headersOf(current, ending.reply));
      return RESPONSE_ALREADY_SENT;
    case 'answer':
      entry.status = ending.reply.status;
      if (ending.reply.code !== undefined) entry.code = ending.reply.code;
      return new Response(ending.reply.body, {
        status: ending.reply.status,
        headers: headersOf(current, ending.reply),
      });
  }
}

function headersOf({ entry, verdict, limits, world }: Exchange, reply: Reply): Record<string, string> {
  return {
    'content-type': reply.contentType,
    date: new Date(world.clock.now()).toUTCString(),
    'cf-ray': entry.ray,
    server: 'cloudflare',
    ratelimit: `"default";r=${verdict.remaining};t=${verdict.resetSeconds}`,
    'ratelimit-policy': `"default";q=${limits.quota};w=${Math.round(limits.windowMs / 1000)}`,
    ...(reply.retryAfter !== undefined && { 'retry-after': String(reply.retryAfter) }),
  };
}
