import type { BudgetLimits } from './rules/budget.ts';
import type { PagingMode } from './rules/paging.ts';
import type { DateForm } from './rules/validity.ts';

/** How the simulator behaves where the real API is undocumented, slow or configurable. */
export interface Settings {
  /** Simulated milliseconds from a valid create to the moment the certificate is signed and stored. */
  readonly lateSigningMs: number;
  /** Added to lateSigningMs for every hostname. */
  readonly lateSigningPerHostnameMs: number;
  /** Simulated milliseconds until a certificate appears in lists. */
  readonly lateListingMs: number;
  readonly maxPerPage: number;
  readonly paging: PagingMode;
  readonly listOrder: 'newestFirst' | 'oldestFirst';
  readonly listRevoked: boolean;
  readonly listExpired: boolean;
  readonly expiresOnForm: DateForm;
  /** `csr` and `requested_validity` of GET and list. */
  readonly writeOnlyFields: 'omitted' | 'kept' | 'countingDown';
  readonly maxHostnames: number;
  /** Per user or account-owned token. */
  readonly budget: BudgetLimits;
  /** Per address: Cloudflare's is 200 in a second; off by default, because all tests share one address. */
  readonly addressBudget: BudgetLimits;
  /** HTTP status by error code, over the defaults. */
  readonly statuses: Readonly<Record<string, number>>;
  /** What a token without the permission gets; `empty` is an empty zone list. */
  readonly missingPermission: {
    readonly certificates: number;
    readonly zones: number | 'empty';
    readonly others: number;
  };
  /** `X-Auth-User-Service-Key`, whose end of life was 2026-09-30. */
  readonly serviceKeys: 'refused' | 'accepted';
  readonly messagesAs: 'strings' | 'objects';
  /** What becomes of a PATCH of `ssl` while `ssl_automatic_mode` is `auto`: documented nowhere. */
  readonly sslUnderAutomaticMode: 'ignored' | 'refused' | 'turnsCustom';
  /** How `/zones/:id/settings`, whose end of life was 2026-09-15, answers. */
  readonly bulkSettings: 410 | 404;
  /** How DNS records with an international name bear it. */
  readonly recordNames: 'punycode' | 'unicode';
  readonly originPulls: OriginPullSettings;
  readonly edge: EdgeSettings;
}

/** How client certificates come to the edge and go from it; holds for what begins afterwards. */
export interface OriginPullSettings {
  /** Simulated milliseconds from the upload until `active`: half `initializing`, half `pending_deployment`. */
  readonly deployMs: number;
  /** Simulated milliseconds from the delete until `deleted`. */
  readonly deleteMs: number;
  /** `deployment_timed_out` instead of `active`. */
  readonly deployTimesOut: boolean;
  /** `deletion_timed_out` instead of `deleted`. */
  readonly deleteTimesOut: boolean;
  /** Whether a deleted one can still be read and is listed, as was seen. */
  readonly showDeleted: boolean;
}

export interface EdgeSettings {
  /** Real milliseconds until 522. */
  readonly connectTimeoutMs: number;
  /** Real milliseconds until 524. */
  readonly readTimeoutMs: number;
  readonly checksRevocation: boolean;
  /** PEM of roots that strict trusts beside the Origin CA's. */
  readonly publicRoots: string;
}

/** Some settings; `budget`, `addressBudget`, `missingPermission`, `originPulls` and `edge` may be given in part. */
export type SettingsChange = Partial<Omit<Settings, NestedSetting>> & {
  readonly [K in NestedSetting]?: Partial<Settings[K]>;
};
type NestedSetting = 'budget' | 'addressBudget' | 'missingPermission' | 'originPulls' | 'edge';

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
  sslUnderAutomaticMode: 'ignored',
  bulkSettings: 410,
  recordNames: 'punycode',
  originPulls: {
    deployMs: 1000,
    deleteMs: 1000,
    deployTimesOut: false,
    deleteTimesOut: false,
    showDeleted: true,
  },
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
    originPulls: { ...settings.originPulls, ...change.originPulls },
    edge: { ...settings.edge, ...change.edge },
  };
}
