import type { Share } from './budget.ts';
import type { FailureKind } from './errors.ts';
import { isAboutZones, neededPermissions, type Operation } from './operation.ts';

/** What happened, to be put after "Cloudflare", and what to do; neither ends with a full stop. */
export interface Words {
  readonly happened: string;
  readonly remedy: string;
}

/** The words for a failure of a request, as somebody needs them who looks at an issuer or at an OriginZone. */
export function wordsFor(kind: FailureKind, operation: Operation, share: Share): Words {
  const needed = neededPermissions(operation, share);
  switch (kind) {
    case 'CredentialsInvalid': {
      const owner = share === 'zones' ? "OriginZone's" : "issuer's";
      return {
        happened: 'did not accept the API token',
        remedy: `Check that the token in the ${owner} Secret is whole, active, not expired, allowed from this address, covers the zone and has ${needed}`,
      };
    }
    case 'PermissionMissing':
      return {
        happened: 'denied the API token access',
        remedy: `Give the token ${needed} for the zone, allow this cluster's address in its IP filter, and check that its user has API access`,
      };
    case 'RequestRejected':
      return { happened: 'rejected the request', remedy: changeWhat(operation) };
    case 'NotFound': {
      const what = isAboutZones(operation) ? 'client certificate' : 'certificate';
      return { happened: `does not know the ${what}`, remedy: 'Check its id' };
    }
    default:
      return WORDS[kind];
  }
}

function changeWhat(operation: Operation): string {
  if (operation === 'upload_client_certificate') {
    return 'Change what the message names: a leaf certificate with its own key is needed, not a CA';
  }
  return 'Change what the message names';
}

type Worded = 'CredentialsInvalid' | 'PermissionMissing' | 'RequestRejected' | 'NotFound';

const WORDS: Readonly<Record<Exclude<FailureKind, Worded>, Words>> = {
  CloudflareUnavailable: {
    happened: 'failed',
    remedy: 'The operator tries again; if it lasts, see cloudflarestatus.com',
  },
  RateLimited: {
    happened: 'limited the requests',
    remedy: 'The operator waits as told; if it lasts, look for other users of the same Cloudflare account',
  },
  HostnameRejected: {
    happened: 'rejected a hostname',
    remedy:
      "Check that the zone is active, not pending, in the token's account and within the token's zones, and that the name belongs to it",
  },
  SettingNotEditable: {
    happened: 'does not let the setting be changed',
    remedy: "Leave the setting out of the OriginZone, or change to a plan of Cloudflare's that has it",
  },
  ZoneNotFound: {
    happened: 'does not know the zone',
    remedy: "Check that the zone still exists and is within the token's zones",
  },
  AlreadyRevoked: { happened: 'has revoked the certificate before', remedy: 'Nothing needs to be done' },
  // Made before anything is sent, by functions of their own.
  BudgetExhausted: { happened: 'was not asked', remedy: 'The operator tries again' },
  Aborted: { happened: 'was not asked', remedy: 'The operator tries again' },
  Fenced: { happened: 'was not asked', remedy: 'The leader tries again' },
};
