import type { Settings, SettingsChange } from './protocol.ts';

/** Where documentation speaks, as it says; else what careless clients handle worst without being slow. */
export const DEFAULT_SETTINGS: Settings = {
  lateSigningMs: 0,
  lateSigningPerHostnameMs: 0,
  lateListingMs: 0,
  maxPerPage: 50,
  paging: 'honoured',
  listOrder: 'newestFirst',
  listRevoked: true,
  listExpired: true,
  expiresOnForm: 'go',
  writeOnlyFields: 'omitted',
  maxHostnames: 100,
  budget: { quota: 1200, windowMs: 300_000, blockMs: 300_000 },
  addressBudget: { quota: 0, windowMs: 1000, blockMs: 1000 },
  statuses: {},
  missingPermission: { certificates: 1016, zones: 9109, others: 9109 },
  serviceKeys: 'refused',
  messagesAs: 'objects',
  edge: { connectTimeoutMs: 15_000, readTimeoutMs: 100_000, checksRevocation: true, publicRoots: '' },
};

/** The settings after a change. */
export function changed(settings: Settings, change: SettingsChange): Settings {
  return {
    ...settings,
    ...change,
    budget: { ...settings.budget, ...change.budget },
    addressBudget: { ...settings.addressBudget, ...change.addressBudget },
    missingPermission: { ...settings.missingPermission, ...change.missingPermission },
    edge: { ...settings.edge, ...change.edge },
  };
}
