import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { randomBytes } from 'node:crypto';
import type { Context, Handler } from 'hono';
import type { FaultSpec } from '../fault.ts';
import { UNLIMITED, type BudgetLimits, type BudgetVerdict } from '../rules/budget.ts';
import type { RequestEntry } from '../world/requests.ts';
import type { Token } from '../world/tokens.ts';
import type { World } from '../world/world.ts';
import { authenticate, missingPermission } from './authenticate.ts';
import { ApiError, apiError, messageOf } from './errors.ts';
import type { Reply } from './reply.ts';
import type { Call, PublicRoute, Route } from './route.ts';
import { outcome, refusalFor, struck, type Effect, type Ending } from './struck.ts';
import { cutShort, resetConnection } from './wire.ts';

type ApiContext = Context<{ Bindings: HttpBindings }>;

/** One request on its way: what is known of it so far. */
class Exchange {
  readonly world: World;
  readonly context: ApiContext;
  readonly entry: RequestEntry;
  verdict: BudgetVerdict;
  limits: BudgetLimits;

  constructor(world: World, route: Route | PublicRoute, context: ApiContext) {
    const { pathname, search } = new URL(context.req.url);
    const userAgent = context.req.header('user-agent');
    this.world = world;
    this.context = context;
    this.limits = world.settings.budget;
    // What an answer says that was given before anybody's budget was touched.
    this.verdict = { granted: true, remaining: this.limits.quota, resetSeconds: 1 };
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
      return finish(current, { kind: 'answer', reply: refusalFor(error, world) });
    }
    const fault = world.faults.take({ operation: route.operation, path: context.req.path, body: '' });
    return finish(current, await end(current, fault, () => route.handle(context.req.query())));
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
    const fault = world.faults.take({
      operation: route.operation,
      tokenId: token.id,
      path: context.req.path,
      body,
    });
    const call: Call = {
      world,
      token,
      params: context.req.param(),
      query: context.req.query(),
      body,
      ...(fault?.certificate && { variant: fault.certificate }),
    };
    return await end(current, fault, () => missingPermission(world, route, token) ?? route.handle(call));
  } catch (error) {
    return { kind: 'answer', reply: refusalFor(error, world) };
  }
}

async function end(
  { world, entry }: Exchange,
  fault: FaultSpec | undefined,
  effect: Effect,
): Promise<Ending> {
  if (fault !== undefined) return await struck(world, entry.ray, fault, effect);
  return { kind: 'answer', reply: await outcome(world, effect) };
}

async function bodyOf(context: ApiContext): Promise<string> {
  try {
    return await context.req.text();
  } catch {
    throw apiError(1003); // The client hung up in the middle of its own request.
  }
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
      return new Response(ending.reply.gzipped ?? ending.reply.body, {
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
    'ratelimit-policy': `"default";q=${limits.quota || UNLIMITED};w=${Math.round(limits.windowMs / 1000)}`,
    ...(reply.gzipped && { 'content-encoding': 'gzip' }),
    ...(reply.retryAfter !== undefined && { 'retry-after': String(reply.retryAfter) }),
  };
}
