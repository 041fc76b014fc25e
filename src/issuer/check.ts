import type { CloudflareClient } from '../cloudflare/client.ts';
import { CloudflareError } from '../cloudflare/errors.ts';
import type { CallOptions } from '../cloudflare/requests.ts';
import type { TokenState } from '../cloudflare/results.ts';
import type { CheckResult } from './world.ts';

/** What a check asks. */
type Asked = Pick<CloudflareClient, 'verifyToken' | 'listZones' | 'probeCertificates'>;

/**
 * Asks Cloudflare what the token is and may do: its state, the zones it sees, and whether it may read the
 * certificates of one of them. That it may issue cannot be asked: the first issuance proves it.
 *
 * @param now ms since the epoch, for "unavailable since".
 */
export async function checkToken(client: Asked, now: number, options: CallOptions): Promise<CheckResult> {
  try {
    const token = await stateOf(client, options);
    if (token !== undefined && token.status !== 'active') {
      const message = `Cloudflare says that the API token is ${token.status}. Create another and put it in its place.`;
      return { outcome: 'refused', reason: 'CredentialsInvalid', message };
    }
    const zones = await client.listZones(options);
    const probe = zones.find(({ status }) => status === 'active') ?? zones[0];
    if (probe === undefined)
      return { outcome: 'refused', reason: 'PermissionMissing', message: SEES_NO_ZONE };
    await client.probeCertificates(probe.id, options);
    return { outcome: 'passed', token, zones };
  } catch (error) {
    return resultOf(error, now, options.signal);
  }
}

const SEES_NO_ZONE =
  'The API token sees no zone. Give it Zone:Read and SSL and Certificates:Edit for the zones of the certificates.';

/**
 * The token's own state; undefined for one that may not ask, as account-owned tokens may not: then the zones, which
 * it lists with the same token, are the proof that it is alive.
 */
async function stateOf(client: Asked, options: CallOptions): Promise<TokenState | undefined> {
  try {
    return await client.verifyToken(options);
  } catch (error) {
    if (error instanceof CloudflareError && isRefusal(error)) return undefined;
    throw error;
  }
}

function isRefusal({ kind }: CloudflareError): boolean {
  return (
    kind === 'CredentialsInvalid' ||
    kind === 'PermissionMissing' ||
    kind === 'RequestRejected' ||
    kind === 'NotFound'
  );
}

function resultOf(error: unknown, now: number, signal: AbortSignal): CheckResult {
  if (signal.aborted || !(error instanceof CloudflareError)) throw error;
  if (!isRefusal(error)) {
    const isLimited = error.kind === 'RateLimited' || error.kind === 'BudgetExhausted';
    const reason = isLimited ? 'RateLimited' : 'CloudflareUnavailable';
    const trouble = `${error.kind} ${error.operation}`;
    return { outcome: 'unavailable', reason, message: error.message, since: now, trouble };
  }
  const reason = error.kind === 'CredentialsInvalid' ? 'CredentialsInvalid' : 'PermissionMissing';
  const advice = reason === 'PermissionMissing' ? ` ${remedy(error)}` : '';
  return { outcome: 'refused', reason, message: `${error.message}${advice}`.trim() };
}

function remedy({ operation }: CloudflareError): string {
  switch (operation) {
    case 'list_zones':
      return 'The token needs Zone:Read: without it no certificate could be found again after a lost answer.';
    case 'list_certificates':
      return 'The token needs SSL and Certificates:Edit for the zones of the certificates.';
    default:
      return '';
  }
}
