import { mayUse, statusOf, type Token } from '../world/tokens.ts';
import type { World } from '../world/world.ts';
import { type ApiError, apiError, messageOf } from './errors.ts';
import type { Answer, Route } from './route.ts';

/** Credentials and origin of a request. Header names in lower case. */
export interface Credentials {
  readonly header: (name: string) => string | undefined;
  readonly address: string;
}

const BEARER = /^Bearer ([A-Za-z0-9_-]{40,80})$/;
const GLOBAL_KEY = /^[0-9a-f]{37,45}$/;

/** The token of a request, usable now; what a route needs of it is `refusalFor`'s question. */
export function authenticate(world: World, route: Route, { header, address }: Credentials): Token {
  const authorization = header('authorization');
  if (authorization === undefined) return withoutBearer(world, route, header);
  const value = BEARER.exec(authorization)?.[1];
  if (value === undefined) throw invalidHeader(6111, 'Invalid format for Authorization header');
  const token = world.tokens.byValue(value);
  if (token === undefined) throw apiError(10000);
  if (token.allowedIps !== undefined && !token.allowedIps.includes(address)) {
    throw apiError(9109, `Cannot use the access token from location: ${address}`);
  }
  const now = world.clock.now();
  // A disabled or expired token may still ask what it is worth.
  if (route.operation !== 'verifyToken' && statusOf(token, now) !== 'active') throw apiError(10000);
  if (token.notBefore !== undefined && now < token.notBefore) throw apiError(10000);
  return token;
}

function withoutBearer(world: World, route: Route, header: Credentials['header']): Token {
  const serviceKey = header('x-auth-user-service-key');
  if (serviceKey !== undefined) return byServiceKey(world, route, serviceKey);
  const globalKey = header('x-auth-key');
  if (globalKey === undefined) throw apiError(route.family === 'certificates' ? 1001 : 10000);
  if (!GLOBAL_KEY.test(globalKey)) throw invalidHeader(6103, 'Invalid format for X-Auth-Key header');
  throw apiError(10000);
}

/** Where still accepted, a service key reaches all zones of its user, for certificates only. */
function byServiceKey(world: World, route: Route, key: string): Token {
  const usable = world.settings.serviceKeys === 'accepted' && route.family === 'certificates';
  if (!usable || !key.startsWith('v1.0-')) throw apiError(10000);
  return {
    id: 'service-key',
    value: key,
    user: 'user',
    permissions: ['SSL and Certificates:Edit'],
    zones: undefined,
    accounts: undefined,
    status: 'active',
    expiresOn: undefined,
    notBefore: undefined,
    allowedIps: undefined,
    apiAccess: true,
  };
}

function invalidHeader(code: number, message: string): ApiError {
  return apiError(6003, messageOf(6003), [{ code, message }]);
}

/** What a token without the route's permission gets: a refusal (thrown), an empty list, or undefined to go on. */
export function missingPermission(world: World, route: Route, token: Token): Answer | undefined {
  if (route.permission === undefined || mayUse(token, route.permission)) return undefined;
  const code = world.settings.missingPermission[route.family];
  if (code === 'empty') {
    return { result: [], resultInfo: { page: 1, per_page: 20, count: 0, total_count: 0, total_pages: 0 } };
  }
  throw apiError(code);
}
