import { statusOf, type Token } from '../world/tokens.ts';
import { apiError } from './errors.ts';
import type { Answer, Call, Route } from './route.ts';

export const tokenRoutes: readonly Route[] = [
  {
    operation: 'verifyToken',
    method: 'GET',
    path: '/user/tokens/verify',
    family: 'others',
    handle: (call) => {
      // An account-owned token belongs to no user, so the user's route does not know it.
      if (call.token.ownerAccountId !== undefined) throw apiError(10000);
      return verified(call);
    },
  },
  {
    operation: 'verifyToken',
    method: 'GET',
    path: '/accounts/:account/tokens/verify',
    family: 'others',
    handle: (call) => {
      if (call.token.ownerAccountId !== call.params['account']) throw apiError(10000);
      return verified(call);
    },
  },
];

function verified({ token, world }: Call): Answer {
  const status = statusOf(token, world.clock.now());
  return {
    result: { id: token.id, status, ...dates(token) },
    // Here 10000 is the code of a success.
    messages:
      status === 'active' ? [{ code: 10000, message: 'This API Token is valid and active', type: null }] : [],
  };
}

function dates(token: Token): { not_before?: string; expires_on?: string } {
  return {
    ...(token.notBefore !== undefined && { not_before: seconds(token.notBefore) }),
    ...(token.expiresOn !== undefined && { expires_on: seconds(token.expiresOn) }),
  };
}

function seconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
