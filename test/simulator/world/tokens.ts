import { Budget } from '../rules/budget.ts';
import type { Zone } from './zones.ts';

/** Edit includes Read. */
export const PERMISSIONS = [
  'Zone:Read',
  'Zone:Edit',
  'SSL and Certificates:Read',
  'SSL and Certificates:Edit',
  'DNS:Read',
  'DNS:Edit',
  'Zone Settings:Read',
  'Zone Settings:Edit',
] as const;
export type Permission = (typeof PERMISSIONS)[number];

export type TokenStatus = 'active' | 'disabled' | 'expired';

export interface Token {
  readonly id: string;
  readonly value: string;
  /** The person whose budget the token spends. An account-owned token spends its own. */
  readonly user: string;
  /** Set on an account-owned token: the id of its account. */
  readonly ownerAccountId?: string;
  permissions: readonly Permission[];
  /** Ids of the zones it may touch; undefined for all zones of its accounts. */
  zones: readonly string[] | undefined;
  /** Names of the accounts its user is a member of; undefined for all. */
  accounts: readonly string[] | undefined;
  status: TokenStatus;
  expiresOn: number | undefined;
  notBefore: number | undefined;
  /** Addresses it may be used from; undefined for all. */
  allowedIps: readonly string[] | undefined;
  /** Whether the account lets the token's user call the API at all. */
  apiAccess: boolean;
}

/** What the token is worth at `now`. */
export function statusOf(token: Token, now: number): TokenStatus {
  if (token.status !== 'active') return token.status;
  return token.expiresOn !== undefined && now >= token.expiresOn ? 'expired' : 'active';
}

export function mayUse(token: Token, permission: Permission): boolean {
  return (
    token.permissions.includes(permission) ||
    token.permissions.some((held) => held === permission.replace(/:Read$/, ':Edit'))
  );
}

/** Whether the token reaches a zone: by account, then by zone scope. */
export function reaches(token: Token, zone: Zone): boolean {
  if (token.ownerAccountId !== undefined && zone.account.id !== token.ownerAccountId) return false;
  if (token.accounts !== undefined && !token.accounts.includes(zone.account.name)) return false;
  return token.zones === undefined || token.zones.includes(zone.id);
}

/** The tokens, and the budgets their owners spend. */
export class TokenBook {
  readonly #byValue = new Map<string, Token>();
  readonly #budgets = new Map<string, Budget>();

  add(token: Token): void {
    this.#byValue.set(token.value, token);
  }

  byValue(value: string): Token | undefined {
    return this.#byValue.get(value);
  }

  byId(id: string): Token | undefined {
    return [...this.#byValue.values()].find((token) => token.id === id);
  }

  remove(id: string): boolean {
    const token = this.byId(id);
    return token !== undefined && this.#byValue.delete(token.value);
  }

  /** All tokens of one user share a budget; an account-owned token has one of its own. */
  budgetOf(token: Token): Budget {
    return this.budget(token.ownerAccountId === undefined ? `user ${token.user}` : `token ${token.id}`);
  }

  /** The budget of an address: what calls without a token spend. */
  budget(owner: string): Budget {
    const known = this.#budgets.get(owner);
    if (known !== undefined) return known;
    const budget = new Budget();
    this.#budgets.set(owner, budget);
    return budget;
  }
}
