import { REQUEST_TYPES, type RequestType } from '../protocol.ts';
import { judgeHostname, zoneOf } from '../rules/hostname.ts';
import { validityDays } from '../rules/validity.ts';
import { reaches, type Token } from '../world/tokens.ts';
import type { World } from '../world/world.ts';
import type { Zone } from '../world/zones.ts';
import { apiError } from './errors.ts';

/** A create whose form is right; its CSR and zones are still to be judged. */
export interface CreateRequest {
  readonly csr: string;
  /** Normalized, in the order of the request, without duplicates. */
  readonly hostnames: readonly string[];
  readonly hadDuplicates: boolean;
  readonly requestType: RequestType;
  readonly validityDays: number;
}

interface Body {
  readonly csr?: string;
  readonly hostnames?: readonly string[];
  readonly request_type?: string;
  readonly requested_validity?: number;
}

/** Checks a create's body in the order of the error codes. Unknown and empty extra fields do not matter. */
export function parseCreate(text: string, maxHostnames: number): CreateRequest {
  const body = parseBody(text);
  const requestType = REQUEST_TYPES.find((type) => type === body.request_type?.toLowerCase());
  if (requestType === undefined) throw apiError(1002);
  const csr = body.csr ?? '';
  if (csr.trim() === '') throw apiError(1007);
  const days = validityDays(body.requested_validity);
  if (days === undefined) throw apiError(1009);
  const requested = body.hostnames ?? [];
  if (requested.length === 0) throw hostnameRefused('', 'no hostname was requested');
  if (requested.length > maxHostnames) {
    throw apiError(
      1005,
      `Too many hostnames requested - you may only request up to ${maxHostnames} per certificate.`,
    );
  }
  const hostnames = requested.map((hostname) => {
    const verdict = judgeHostname(hostname);
    if (!verdict.ok) throw hostnameRefused(hostname, verdict.reason);
    return verdict.hostname;
  });
  const unique = [...new Set(hostnames)];
  return {
    csr,
    hostnames: unique,
    hadDuplicates: unique.length < hostnames.length,
    requestType,
    validityDays: days,
  };
}

/** The zones of the hostnames, without duplicates: each must be in the token's reach, and active. */
export function zonesOf(hostnames: readonly string[], world: World, token: Token): readonly Zone[] {
  const reachable = token.apiAccess ? world.zones.all().filter((zone) => reaches(token, zone)) : [];
  const zones = hostnames.map((hostname) => {
    const zone = zoneOf(hostname, reachable);
    if (zone?.status !== 'active') {
      throw hostnameRefused(
        hostname,
        'This zone is either not part of your account, or you do not have access to it. Please contact support if using a multi-user organization.',
      );
    }
    return zone;
  });
  return [...new Set(zones)];
}

function hostnameRefused(hostname: string, reason: string): Error {
  return apiError(1010, `Failed to validate requested hostname ${hostname}: ${reason}`);
}

function parseBody(text: string): Body {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw apiError(1004);
  }
  if (!isBody(parsed)) throw apiError(1004);
  return parsed;
}

function isBody(value: unknown): value is Body {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const fields: { readonly [name: string]: unknown } = { ...value };
  const { csr, hostnames, request_type: type, requested_validity: validity } = fields;
  return (
    (csr === undefined || typeof csr === 'string') &&
    (type === undefined || typeof type === 'string') &&
    (validity === undefined || typeof validity === 'number') &&
    (hostnames === undefined ||
      (Array.isArray(hostnames) && hostnames.every((name) => typeof name === 'string')))
  );
}
