import { rfc3339 } from '../api/conditions.ts';
import { isRefusal, type ReadFailure } from './recurring.ts';
import { zoneProblem, type ZoneView } from './view.ts';

/** What is to be said of Ready: whether the zone can be read with this token. */
export type Finding =
  | { readonly outcome: 'observed'; readonly message: string }
  | { readonly outcome: 'refused'; readonly reason: string; readonly message: string }
  /** Nobody said anything: the last verdict stands. */
  | { readonly outcome: 'unavailable'; readonly reason: string; readonly message: string };

/** Pure: what the last readings of the zone and of its SSL mode say about both. */
export function findingOf(view: Pick<ZoneView, 'memory' | 'zoneName' | 'tokenPlace' | 'facts'>): Finding {
  const { memory, zoneName, tokenPlace, facts } = view;
  const { lookup } = memory;
  const ssl = memory.setting('ssl');
  if (lookup.failure !== undefined && isRefusal(lookup.failure.error)) return refused(lookup.failure);
  switch (lookup.value?.state) {
    case undefined:
      return unavailable(lookup.failure);
    case 'none':
      return { outcome: 'refused', reason: 'ZoneNotFound', message: `${tokenPlace}: ${notFound(zoneName)}` };
    case 'several': {
      const accounts = lookup.value.accounts.join(', ');
      const message = `${tokenPlace}: the token sees several zones ${zoneName}, in the accounts ${accounts}. Give it the zone of one account only.`;
      return { outcome: 'refused', reason: 'AmbiguousZone', message };
    }
    case 'found':
  }
  if (ssl.failure !== undefined && isRefusal(ssl.failure.error)) return refused(ssl.failure);
  if (ssl.failure !== undefined || ssl.value === undefined) return unavailable(ssl.failure);
  if (lookup.failure !== undefined) return unavailable(lookup.failure);
  const account = facts?.account.name === undefined ? '' : ` of account ${facts.account.name}`;
  const problem = facts && zoneProblem(facts);
  const state = problem ?? `Zone ${zoneName}${account} is active.`;
  const told = [state, 'Its settings can be read with the token.', ...otherProblems(memory)];
  return { outcome: 'observed', message: told.join(' ') };
}

function notFound(zoneName: string): string {
  return (
    `the token sees no zone ${zoneName}. Either there is no such zone, or another account has it, or the token is not ` +
    `scoped to it (Zone:Read is needed too): Cloudflare does not tell the three apart. Check spec.zoneName and the token's zone resources.`
  );
}

function refused({ error }: ReadFailure): Finding {
  return { outcome: 'refused', reason: reasonOf(error), message: error.message };
}

function reasonOf({ kind }: ReadFailure['error']): string {
  switch (kind) {
    case 'CredentialsInvalid':
    case 'PermissionMissing':
    case 'ZoneNotFound':
      return kind;
    case 'NotFound':
      return 'ZoneNotFound';
    default:
      return 'RequestRejected';
  }
}

function unavailable(failure: ReadFailure | undefined): Finding {
  if (failure === undefined)
    return { outcome: 'unavailable', reason: 'Unknown', message: 'The zone was not read yet.' };
  const { error, since } = failure;
  if (error.kind === 'BudgetExhausted')
    return { outcome: 'unavailable', reason: error.kind, message: error.message };
  const reason = error.kind === 'RateLimited' ? error.kind : 'CloudflareUnavailable';
  return {
    outcome: 'unavailable',
    reason,
    message: `Cloudflare could not be asked since ${rfc3339(since)}: ${error.message}`,
  };
}

/** What hinders the look at the origins, which Ready does not depend on. */
function otherProblems({ records }: ZoneView['memory']): readonly string[] {
  const listed =
    records.failure === undefined ? [] : [`Its DNS records cannot be read: ${records.failure.error.message}`];
  return [...listed, ...(records.value?.routes.problems ?? [])];
}
