import { CERTIFICATE_VARIANTS, OPERATIONS, type RequestFilter, type RequestView } from '../protocol.ts';
import type { FaultSpec } from '../fault.ts';
import type { BudgetLimits } from '../rules/budget.ts';
import {
  changed,
  type EdgeSettings,
  type OriginPullSettings,
  type Settings,
  type SettingsChange,
} from '../settings.ts';
import type { World } from '../world/world.ts';
import { ControlError, checked, type Shape } from './shape.ts';

const FORMS = ['strings', 'objects'];

const FAULT: Shape<FaultSpec> = {
  operation: { oneOf: ['*', ...OPERATIONS] },
  count: 'number?',
  skip: 'number?',
  tokenId: 'string?',
  hostname: 'string?',
  pathEnd: 'string?',
  status: 'number?',
  code: 'number?',
  message: 'string?',
  html: 'any?',
  retryAfter: 'any?',
  successFalse200: 'boolean?',
  storedButFails: 'boolean?',
  delayMs: 'number?',
  delayAfterMs: 'number?',
  hang: 'boolean?',
  resetBefore: 'boolean?',
  resetAfter: 'boolean?',
  cutBody: 'boolean?',
  truncateJson: 'boolean?',
  hugeBytes: 'number?',
  gzip: 'boolean?',
  messagesAs: { oneOf: FORMS, optional: true },
  extraFields: 'boolean?',
  certificate: { oneOf: CERTIFICATE_VARIANTS, optional: true },
};
const SETTINGS: Shape<SettingsChange> = {
  lateSigningMs: 'number?',
  lateSigningPerHostnameMs: 'number?',
  lateListingMs: 'number?',
  maxPerPage: 'number?',
  paging: { oneOf: ['honoured', 'whole', 'firstPage'], optional: true },
  listOrder: { oneOf: ['newestFirst', 'oldestFirst'], optional: true },
  listRevoked: 'boolean?',
  listExpired: 'boolean?',
  expiresOnForm: { oneOf: ['go', 'rfc3339'], optional: true },
  writeOnlyFields: { oneOf: ['omitted', 'kept', 'countingDown'], optional: true },
  maxHostnames: 'number?',
  budget: 'any?',
  addressBudget: 'any?',
  statuses: 'any?',
  missingPermission: 'any?',
  serviceKeys: { oneOf: ['refused', 'accepted'], optional: true },
  messagesAs: { oneOf: FORMS, optional: true },
  sslUnderAutomaticMode: { oneOf: ['ignored', 'refused', 'turnsCustom'], optional: true },
  bulkSettings: { oneOf: [410, 404], optional: true },
  recordNames: { oneOf: ['punycode', 'unicode'], optional: true },
  originPulls: 'any?',
  edge: 'any?',
};
const BUDGET: Shape<Partial<BudgetLimits>> = { quota: 'number?', windowMs: 'number?', blockMs: 'number?' };
const MISSING: Shape<Partial<Settings['missingPermission']>> = {
  certificates: 'number?',
  zones: 'any?',
  others: 'number?',
};
const EDGE: Shape<Partial<EdgeSettings>> = {
  connectTimeoutMs: 'number?',
  readTimeoutMs: 'number?',
  checksRevocation: 'boolean?',
  publicRoots: 'string?',
};
const ORIGIN_PULLS: Shape<Partial<OriginPullSettings>> = {
  deployMs: 'number?',
  deleteMs: 'number?',
  deployTimesOut: 'boolean?',
  deleteTimesOut: 'boolean?',
  showDeleted: 'boolean?',
};
const REQUESTS: Shape<RequestFilter> = {
  operation: { oneOf: OPERATIONS, optional: true },
  tokenId: 'string?',
  status: 'number?',
};

export function inject(world: World, body: unknown): void {
  world.faults.inject(checked<FaultSpec>(body, FAULT));
}

/** Changes settings and answers all of them, so an empty change reads them. */
export function settings(world: World, body: unknown): Settings {
  const change = checked<SettingsChange>(body, SETTINGS);
  if (change.budget !== undefined) checked(change.budget, BUDGET);
  if (change.addressBudget !== undefined) checked(change.addressBudget, BUDGET);
  if (change.missingPermission !== undefined) checked(change.missingPermission, MISSING);
  if (change.originPulls !== undefined) checked(change.originPulls, ORIGIN_PULLS);
  if (change.edge !== undefined) checked(change.edge, EDGE);
  world.settings = changed(world.settings, change);
  return world.settings;
}

export function requests(world: World, body: unknown): readonly RequestView[] {
  return world.requests.find(checked<RequestFilter>(body, REQUESTS));
}

/** Moves the simulated time ahead; answers the new time. */
export function advance(world: World, body: unknown): { now: string } {
  const { ms } = checked<{ ms: number }>(body, { ms: 'number' });
  if (ms < 0) throw new ControlError(`ms is ${ms}; time goes only ahead`);
  world.clock.advance(ms);
  return { now: new Date(world.clock.now()).toISOString() };
}

/** Makes a thing as though it had never been. */
export function remove(world: World, body: unknown): void {
  const { kind, id } = checked<{ kind: string; id: string }>(body, {
    kind: { oneOf: ['zone', 'token', 'record', 'certificate', 'clientCertificate'] },
    id: 'string',
  });
  const removers: Readonly<Record<string, () => boolean>> = {
    zone: () => world.zones.remove(id),
    token: () => world.tokens.remove(id),
    record: () => world.zones.removeRecord(id),
    certificate: () => world.certificates.remove(id),
    clientCertificate: () => world.originPulls.remove(id),
  };
  if (removers[kind]?.() !== true) throw new ControlError(`there is no ${kind} ${id}`);
}
