import { randomBytes } from 'node:crypto';
import type { TokenChange, TokenSeed } from '../protocol.ts';
import { PERMISSIONS, type Permission, type Token } from '../world/tokens.ts';
import type { World } from '../world/world.ts';
import { accountNamed, newId } from '../world/zones.ts';
import { ControlError, checked, type Shape } from './shape.ts';
import { DEFAULT_ACCOUNT } from './zones.ts';

const DEFAULT_PERMISSIONS: readonly Permission[] = [
  'Zone:Read',
  'SSL and Certificates:Edit',
  'DNS:Read',
  'Zone Settings:Edit',
];

const CHANGE: Shape<TokenChange> = {
  id: 'string',
  permissions: 'strings?',
  zones: 'strings?',
  accounts: 'strings?',
  expiresOn: 'date?',
  status: { oneOf: ['active', 'disabled', 'expired'], optional: true },
  allowedIps: 'strings?',
  apiAccess: 'boolean?',
};
const { id: _id, ...COMMON } = CHANGE;
const SEED: Shape<TokenSeed> = {
  ...COMMON,
  value: 'string?',
  user: 'string?',
  accountOwned: 'any?',
  notBefore: 'date?',
};

export function seedToken(world: World, body: unknown): { id: string; value: string } {
  const seed = checked<TokenSeed>(body, SEED);
  const value = seed.value ?? randomBytes(30).toString('base64url');
  if (!/^[A-Za-z0-9_-]{40,80}$/.test(value))
    throw new ControlError('value must be 40 to 80 letters, digits, _ and -');
  if (world.tokens.byValue(value) !== undefined)
    throw new ControlError('value is already that of another token');
  const token: Token = {
    id: newId(),
    value,
    user: seed.user ?? 'user',
    ...ownerOf(seed.accountOwned),
    permissions: permissionsOf(seed.permissions) ?? DEFAULT_PERMISSIONS,
    zones: seed.zones,
    accounts: seed.accounts,
    status: seed.status ?? 'active',
    expiresOn: parsed(seed.expiresOn),
    notBefore: parsed(seed.notBefore),
    allowedIps: seed.allowedIps,
    apiAccess: seed.apiAccess ?? true,
  };
  world.tokens.add(token);
  return { id: token.id, value };
}

export function updateToken(world: World, body: unknown): void {
  const change = checked<TokenChange>(body, CHANGE);
  const token = world.tokens.byId(change.id);
  if (token === undefined) throw new ControlError(`there is no token ${change.id}`);
  token.permissions = permissionsOf(change.permissions) ?? token.permissions;
  token.zones = change.zones ?? token.zones;
  token.accounts = change.accounts ?? token.accounts;
  token.status = change.status ?? token.status;
  token.expiresOn = parsed(change.expiresOn) ?? token.expiresOn;
  token.allowedIps = change.allowedIps ?? token.allowedIps;
  token.apiAccess = change.apiAccess ?? token.apiAccess;
}

function ownerOf(accountOwned: TokenSeed['accountOwned']): { ownerAccountId?: string } {
  switch (accountOwned) {
    case undefined:
    case false:
      return {};
    case true:
      return { ownerAccountId: accountNamed(DEFAULT_ACCOUNT).id };
    default:
      return { ownerAccountId: accountNamed(accountOwned).id };
  }
}

function permissionsOf(names: readonly string[] | undefined): readonly Permission[] | undefined {
  return names?.map((name) => {
    const known = PERMISSIONS.find((permission) => permission === name);
    if (known === undefined)
      throw new ControlError(`unknown permission ${name}; known are ${PERMISSIONS.join(', ')}`);
    return known;
  });
}

function parsed(date: string | undefined): number | undefined {
  return date === undefined ? undefined : Date.parse(date);
}
