import type { CertificateVariant, Operation } from '../protocol.ts';
import type { Page } from '../rules/paging.ts';
import type { Permission, Token } from '../world/tokens.ts';
import type { World } from '../world/world.ts';
import type { Notice } from './errors.ts';

/** A request past authentication and budget. */
export interface Call {
  readonly world: World;
  readonly token: Token;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: string;
  /** A fault wants this create to answer with a wrong certificate. */
  readonly variant?: CertificateVariant;
}

/** What a route answers; refusals are thrown as ApiError. */
export interface Answer {
  readonly result: unknown;
  readonly messages?: readonly Notice[];
  readonly resultInfo?: Page<unknown>['resultInfo'];
}

export interface Route {
  readonly operation: Operation;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** As hono writes paths, below `/client/v4`. */
  readonly path: string;
  /** Needed to get in; undefined where any valid token will do. */
  readonly permission?: Permission;
  /** Which setting says how a missing permission is answered. */
  readonly family: 'certificates' | 'zones' | 'others';
  readonly handle: (call: Call) => Promise<Answer> | Answer;
}

/** A route open to everybody. */
export interface PublicRoute extends Omit<Route, 'permission' | 'family' | 'handle'> {
  readonly handle: (query: Call['query']) => Answer;
}
