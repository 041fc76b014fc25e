import { describe, expect, test } from 'vitest';
import type { Share } from '../../../src/cloudflare/budget.ts';
import { refusedError } from '../../../src/cloudflare/classify.ts';
import { parseEnvelope } from '../../../src/cloudflare/envelope.ts';
import type { CloudflareError, FailureKind } from '../../../src/cloudflare/errors.ts';
import type { Operation } from '../../../src/cloudflare/operation.ts';

interface Answer {
  readonly status?: number;
  readonly errors?: unknown;
  readonly operation?: Operation;
  readonly share?: Share;
  readonly retryAfterMs?: number;
}

function judge({
  status = 400,
  errors,
  operation = 'create_certificate',
  share = 'certificates',
  retryAfterMs,
}: Answer): CloudflareError {
  const parsed =
    errors === undefined ? undefined : parseEnvelope(JSON.stringify({ success: false, errors }))?.errors;
  const rayId = '8f0c1d2e3f4a5b6c-FRA';
  return refusedError({ operation, share, status, errors: parsed, rayId, retryAfterMs });
}

const byCode = (code: number, message = 'Words'): readonly unknown[] => [{ code, message }];

describe('a refused request', () => {
  test.each<[number, FailureKind, boolean]>([
    [1001, 'CredentialsInvalid', true],
    [6003, 'CredentialsInvalid', true],
    [6103, 'CredentialsInvalid', true],
    [6111, 'CredentialsInvalid', true],
    [10000, 'CredentialsInvalid', true],
    [1016, 'PermissionMissing', true],
    [9109, 'PermissionMissing', true],
    [1010, 'HostnameRejected', true],
    [1002, 'RequestRejected', true],
    [1005, 'RequestRejected', true],
    [1007, 'RequestRejected', true],
    [1009, 'RequestRejected', true],
    [1011, 'RequestRejected', true],
    [1012, 'RequestRejected', true],
    [1014, 'AlreadyRevoked', true],
    [971, 'RateLimited', false],
    [10429, 'RateLimited', false],
    [10502, 'RateLimited', false],
    [1006, 'CloudflareUnavailable', false],
    [1008, 'CloudflareUnavailable', false],
    [1100, 'CloudflareUnavailable', false],
    [1101, 'CloudflareUnavailable', false],
    [1200, 'CloudflareUnavailable', false],
    [1201, 'CloudflareUnavailable', false],
  ])('with code %d is %s, definite: %s, whatever the status', (code, kind, definite) => {
    for (const status of [200, 400, 403, 500]) {
      expect(judge({ status, errors: byCode(code) })).toMatchObject({ kind, definite, code, status });
    }
  });

  test.each<[string, Answer, FailureKind, boolean]>([
    ['HTML with 502', { status: 502 }, 'CloudflareUnavailable', false],
    ['HTML with 403', { status: 403 }, 'CloudflareUnavailable', false],
    ['HTML with 429', { status: 429 }, 'RateLimited', true],
    ['a redirect', { status: 302 }, 'CloudflareUnavailable', false],
    ['no error at all with 200', { status: 200, errors: [] }, 'CloudflareUnavailable', false],
    ['no error at all with 400', { status: 400, errors: [] }, 'CloudflareUnavailable', false],
    ['an unknown code with 200', { status: 200, errors: byCode(4711) }, 'CloudflareUnavailable', false],
    ['an unknown code with 500', { status: 500, errors: byCode(4711) }, 'CloudflareUnavailable', false],
    ['an unknown code with 408', { status: 408, errors: byCode(4711) }, 'CloudflareUnavailable', false],
    ['an unknown code with 400', { status: 400, errors: byCode(4711) }, 'CloudflareUnavailable', false],
    ['971 with 429', { status: 429, errors: byCode(971) }, 'RateLimited', true],
    ['an unknown code with 401', { status: 401, errors: byCode(4711) }, 'CredentialsInvalid', false],
    ['an unknown code with 403', { status: 403, errors: byCode(4711) }, 'PermissionMissing', false],
    ['429 with another code', { status: 429, errors: byCode(1010) }, 'RateLimited', true],
    ['1000 beside a known code', { errors: [...byCode(1000), ...byCode(1011)] }, 'RequestRejected', true],
    ['1000 alone', { status: 500, errors: byCode(1000) }, 'CloudflareUnavailable', false],
    [
      'a refusal beside an outage',
      { errors: [...byCode(1010), ...byCode(1100)] },
      'CloudflareUnavailable',
      false,
    ],
    [
      'a refusal beside an unknown code',
      { errors: [...byCode(1010), ...byCode(4711)] },
      'HostnameRejected',
      false,
    ],
    ['a refusal beside a wordless string', { errors: [...byCode(1010), 'oops'] }, 'HostnameRejected', false],
  ])('%s', (_, answer, kind, definite) => {
    expect(judge(answer)).toMatchObject({ kind, definite });
  });

  test.each([
    'Failed to validate requested hostname a.example.com: dial tcp 10.1.2.3:443: connect: connection refused',
    'Failed to validate requested hostname a.example.com: read tcp 1.2.3.4:5->6.7.8.9:443: i/o timeout',
    'Failed to validate requested hostname a.example.com: context deadline exceeded',
  ])('1010 that wraps a connection error is an outage: %s', (message) => {
    expect(judge({ errors: byCode(1010, message) })).toMatchObject({
      kind: 'CloudflareUnavailable',
      definite: false,
    });
  });

  test('the real words of 1010 are a rejected hostname', () => {
    const message =
      'Failed to validate requested hostname timeout.example.com: This zone is either not part of your account, or you do not have access to it. Please contact support if using a multi-user organization.';
    expect(judge({ errors: byCode(1010, message) })).toMatchObject({
      kind: 'HostnameRejected',
      definite: true,
    });
  });

  test.each<[Operation, number, readonly unknown[], FailureKind]>([
    ['get_certificate', 404, byCode(1101), 'NotFound'],
    ['revoke_certificate', 400, byCode(1101), 'NotFound'],
    ['revoke_certificate', 404, byCode(4711), 'NotFound'],
    ['list_certificates', 404, byCode(1101), 'CloudflareUnavailable'],
    ['revoke_certificate', 404, byCode(7003), 'RequestRejected'],
  ])('%s with %d %j is %s', (operation, status, errors, kind) => {
    expect(judge({ operation, status, errors }).kind).toBe(kind);
  });

  test('says when to come back, and a minute where Cloudflare does not', () => {
    expect(judge({ status: 429, retryAfterMs: 7000 }).retryAfterMs).toBe(7000);
    expect(judge({ status: 429 }).retryAfterMs).toBe(60_000);
    expect(judge({ status: 503, retryAfterMs: 7000 }).retryAfterMs).toBe(7000);
    expect(judge({ status: 503 }).retryAfterMs).toBeUndefined();
  });

  test.each<[string, Answer, string]>([
    [
      'a bad token',
      { status: 401, errors: byCode(10000, 'Authentication error') },
      'Cloudflare did not accept the API token while creating a certificate: "Authentication error". Check that the token in the issuer\'s Secret is whole, active, not expired, allowed from this address, covers the zone and has Zone:Read and SSL and Certificates:Edit (code 10000, Ray ID 8f0c1d2e3f4a5b6c-FRA).',
    ],
    [
      'a zone whose settings the token may not read',
      {
        share: 'zones',
        operation: 'get_setting',
        status: 403,
        errors: byCode(9109, 'Unauthorized to access requested resource'),
      },
      'Cloudflare denied the API token access while reading a setting of the zone: "Unauthorized to access requested resource". Give the token Zone Settings:Read for the zone, allow this cluster\'s address in its IP filter, and check that its user has API access (code 9109, Ray ID 8f0c1d2e3f4a5b6c-FRA).',
    ],
    [
      'a zone whose token is none any more',
      {
        share: 'zones',
        operation: 'list_records',
        status: 400,
        errors: byCode(10000, 'Authentication error'),
      },
      'Cloudflare did not accept the API token while listing the zone\'s DNS records: "Authentication error". Check that the token in the OriginZone\'s Secret is whole, active, not expired, allowed from this address, covers the zone and has DNS:Read (code 10000, Ray ID 8f0c1d2e3f4a5b6c-FRA).',
    ],
    [
      'a plan that has the setting not',
      {
        share: 'zones',
        operation: 'patch_setting',
        status: 400,
        errors: byCode(1015, 'Not allowed to edit setting for min_tls_version'),
      },
      'Cloudflare does not let the setting be changed while changing a setting of the zone: "Not allowed to edit setting for min_tls_version". Leave the setting out of the OriginZone, or change to a plan of Cloudflare\'s that has it (code 1015, Ray ID 8f0c1d2e3f4a5b6c-FRA).',
    ],
    [
      'a CA in place of a client certificate',
      {
        share: 'zones',
        operation: 'upload_client_certificate',
        status: 400,
        errors: byCode(1400, 'missing leaf certificate'),
      },
      'Cloudflare rejected the request while uploading a client certificate: "missing leaf certificate". Change what the message names: a leaf certificate with its own key is needed, not a CA (code 1400, Ray ID 8f0c1d2e3f4a5b6c-FRA).',
    ],
    [
      'a zone that went',
      {
        share: 'zones',
        operation: 'get_setting',
        status: 404,
        errors: byCode(7003, 'Could not route to /zones/x, perhaps your object identifier is invalid?'),
      },
      'Cloudflare does not know the zone while reading a setting of the zone: "Could not route to /zones/x, perhaps your object identifier is invalid?". Check that the zone still exists and is within the token\'s zones (code 7003, Ray ID 8f0c1d2e3f4a5b6c-FRA).',
    ],
    [
      'an edge page',
      { status: 520 },
      'Cloudflare gave no usable answer while creating a certificate: HTTP status 520 without a readable body. The operator tries again; if it lasts, check the network, HTTPS_PROXY and cloudflarestatus.com (Ray ID 8f0c1d2e3f4a5b6c-FRA).',
    ],
    [
      'a full database',
      { status: 500, errors: byCode(1100, 'Failed to write certificate to Database.') },
      'Cloudflare failed while creating a certificate: "Failed to write certificate to Database". The operator tries again; if it lasts, see cloudflarestatus.com (code 1100, Ray ID 8f0c1d2e3f4a5b6c-FRA).',
    ],
  ])('reads as a person would want it: %s', (_, answer, message) => {
    expect(judge(answer).message).toBe(message);
  });
});

describe("a refused request of a zone's routes", () => {
  test.each<[Operation, number, unknown, FailureKind, boolean]>([
    ['patch_setting', 400, byCode(1015), 'SettingNotEditable', true],
    ['patch_setting', 403, byCode(1015), 'SettingNotEditable', true],
    ['get_setting', 404, byCode(7003), 'ZoneNotFound', true],
    ['get_setting', 400, [...byCode(7003), ...byCode(7000)], 'ZoneNotFound', true],
    ['get_setting', 403, byCode(9109), 'PermissionMissing', true],
    ['get_setting', 400, byCode(10000), 'CredentialsInvalid', true],
    ['list_records', 403, byCode(4711), 'PermissionMissing', true],
    ['find_zones', 401, byCode(4711), 'CredentialsInvalid', true],
    ['find_zones', 400, byCode(6003), 'CredentialsInvalid', true],
    // The Origin CA's codes are other products' codes for other things.
    ['patch_setting', 400, byCode(1010), 'RequestRejected', true],
    ['patch_setting', 400, byCode(1007, 'Invalid value for zone setting ssl'), 'RequestRejected', true],
    ['patch_setting', 500, byCode(1100), 'CloudflareUnavailable', false],
    ['patch_setting', 404, byCode(4711), 'RequestRejected', true],
    ['patch_setting', 409, byCode(4711), 'CloudflareUnavailable', false],
    ['patch_setting', 503, byCode(4711), 'CloudflareUnavailable', false],
    ['patch_setting', 200, byCode(4711), 'CloudflareUnavailable', false],
    ['patch_setting', 400, byCode(971), 'RateLimited', false],
    ['patch_setting', 429, byCode(4711), 'RateLimited', true],
    ['put_origin_pull_settings', 422, byCode(4711), 'RequestRejected', true],
    ['get_client_certificate', 404, byCode(4711), 'NotFound', true],
    ['delete_client_certificate', 404, byCode(1101), 'NotFound', true],
    ['delete_client_certificate', 404, byCode(7003), 'ZoneNotFound', true],
    ['list_client_certificates', 404, byCode(4711), 'RequestRejected', true],
    // An upload may have been stored, whatever an unknown code says.
    ['upload_client_certificate', 400, byCode(4711, 'missing leaf certificate'), 'RequestRejected', false],
    ['upload_client_certificate', 403, byCode(9109), 'PermissionMissing', true],
    ['upload_client_certificate', 500, byCode(4711), 'CloudflareUnavailable', false],
  ])('%s with %d %j is %s, definite: %s', (operation, status, errors, kind, definite) => {
    expect(judge({ operation, status, errors, share: 'zones' })).toMatchObject({ kind, definite });
  });

  test.each<[Operation, string]>([
    ['find_zones', 'Zone:Read'],
    ['list_records', 'DNS:Read'],
    ['get_setting', 'Zone Settings:Read'],
    ['patch_setting', 'Zone Settings:Edit'],
    ['list_client_certificates', 'SSL and Certificates:Read'],
    ['get_client_certificate', 'SSL and Certificates:Read'],
    ['get_origin_pull_settings', 'SSL and Certificates:Read'],
    ['list_certificates', 'SSL and Certificates:Read'],
    ['upload_client_certificate', 'SSL and Certificates:Edit'],
    ['delete_client_certificate', 'SSL and Certificates:Edit'],
    ['put_origin_pull_settings', 'SSL and Certificates:Edit'],
  ])('names what %s needs, %s, and nothing more', (operation, permission) => {
    const { message } = judge({ operation, share: 'zones', status: 403, errors: byCode(9109) });
    expect(message).toContain(`Give the token ${permission} for the zone`);
  });
});
