import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { refusedError } from '../../../src/cloudflare/classify.ts';
import { type ApiMessage, type Envelope, parseEnvelope } from '../../../src/cloudflare/envelope.ts';
import { CloudflareError, type FailureKind } from '../../../src/cloudflare/errors.ts';
import { readHeaders } from '../../../src/cloudflare/headers.ts';
import { Listing } from '../../../src/cloudflare/listings.ts';
import { readPages } from '../../../src/cloudflare/paging.ts';
import { certificateOf, tokenStateOf, zoneOfResult } from '../../../src/cloudflare/results.ts';
import { clientCertificateOf, dnsRecordOf, zoneSettingOf } from '../../../src/cloudflare/zone-results.ts';
import { anyText, fuzz, mutated } from '../../support/fuzz.ts';
import { inTime } from '../../support/in-time.ts';
import { Wire } from './wire.ts';

const MIB = 2 ** 20;
const ENVELOPE = new URL('../../../src/cloudflare/envelope.ts', import.meta.url);

const KINDS: readonly FailureKind[] = [
  'CloudflareUnavailable',
  'RateLimited',
  'CredentialsInvalid',
  'PermissionMissing',
  'HostnameRejected',
  'RequestRejected',
  'SettingNotEditable',
  'ZoneNotFound',
  'NotFound',
  'AlreadyRevoked',
];
const OPERATIONS = ['create_certificate', 'list_certificates', 'revoke_certificate', 'list_zones'] as const;

const anyValue: fc.Arbitrary<unknown> = fc.oneof(
  anyText,
  fc.integer(),
  fc.double(),
  fc.constantFrom(null, true, false, [], {}, ['a', null], { name: 'x' }),
);

/** Objects with the fields that the results have, and anything in them. */
const anyResult = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.dictionary(
    fc
      .constantFrom(
        'id name status paused account certificate hostnames expires_on revoked_at type content proxied value editable'.split(
          ' ',
        ),
      )
      .chain((names) => fc.constantFrom(...names)),
    anyValue,
    { maxKeys: 8 },
  ),
);

const anyError = fc.letrec<{ error: unknown }>((tie) => ({
  error: fc.oneof(
    { depthSize: 'small' },
    anyValue,
    fc.record({
      code: fc.oneof(fc.constantFrom(1010, 1100, 10000, 971, '1003', -1, 1e300, '0x3f2'), anyValue),
      message: anyText,
      error_chain: fc.array(tie('error'), { maxLength: 3 }),
    }),
  ),
})).error;

/** What a message has that must not come to stand in a condition. */
function faultsOf({ code, message }: ApiMessage): string[] {
  const faults = {
    long: message.length > 301,
    // oxlint-disable-next-line no-control-regex -- the point is that there is none
    'control characters': /[\u0000-\u001f\u007f-\u009f\u202e]/.test(message),
    'half a character': !message.isWellFormed(),
    'no code': code !== undefined && !(Number.isSafeInteger(code) && code >= 0),
  };
  return Object.entries(faults).flatMap(([fault, is]) => (is ? [fault] : []));
}

/** What is wrong with an envelope that was read. */
function wrongIn(envelope: Envelope | null | undefined): string[] {
  if (!envelope) return [];
  return [
    ...([true, false, undefined].includes(envelope.success) ? [] : ['success']),
    ...(envelope.errors.length <= 20 ? [] : ['too many errors']),
    ...envelope.errors.flatMap(faultsOf),
  ];
}

describe('an answer', () => {
  test('is an envelope or none, whatever its text', () => {
    const answer = JSON.stringify({
      success: false,
      result: [{ id: '1' }],
      errors: [{ code: 1010, message: 'No', error_chain: [{ code: 6111, message: 'x' }] }],
      result_info: { total_count: 7 },
    });
    const body = fc.oneof(anyText, mutated(Buffer.from(answer)).map(String));
    fc.assert(
      fc.property(body, (text) => {
        expect(wrongIn(parseEnvelope(text))).toEqual([]);
      }),
      fuzz(400),
    );
  });

  test('has a bounded number of errors that are fit to show, whatever they are', () => {
    fc.assert(
      fc.property(
        fc.array(anyError, { maxLength: 30 }),
        fc.integer({ min: 100, max: 599 }),
        (errors, status) => {
          const envelope = parseEnvelope(JSON.stringify({ success: false, errors, result_info: errors[0] }));
          expect(wrongIn(envelope)).toEqual([]);
          for (const operation of OPERATIONS) {
            const answered = {
              operation,
              share: 'certificates',
              status,
              rayId: undefined,
              retryAfterMs: undefined,
            } as const;
            const error = refusedError({ ...answered, errors: envelope?.errors });
            expect(KINDS).toContain(error.kind);
            expect(error.message.length).toBeLessThan(1000);
          }
        },
      ),
      fuzz(200),
    );
  });

  test.each([
    ['a long run of dots', () => JSON.stringify({ errors: [{ message: `${'.'.repeat(4 * MIB)}a` }] })],
    ['a long run of spaces', () => JSON.stringify({ errors: [`${' '.repeat(4 * MIB)}a`] })],
    ['beginnings of PEM', () => JSON.stringify({ errors: [{ message: '-----BEGIN'.repeat(MIB / 4) }] })],
    [
      'PEM without an end',
      () => JSON.stringify({ errors: [{ message: '-----BEGIN-----END'.repeat(MIB / 8) }] }),
    ],
    [
      'a chain of a hundred thousand errors',
      () => `{"errors":[${'{"error_chain":['.repeat(1e5)}${']}'.repeat(1e5)}]}`,
    ],
    ['a million errors', () => `{"errors":[${'"x",'.repeat(1e6)}"x"]}`],
    ['brackets without an end', () => `{"errors":${'['.repeat(4 * MIB)}`],
  ])('with %s is read in time', async (_, make) => {
    const envelope = (await inTime(ENVELOPE, 'parseEnvelope', make())) as Envelope | null;
    expect(wrongIn(envelope)).toEqual([]);
  });
});

describe('a result', () => {
  test('is one of its kind or none, and its id can stand in a path', () => {
    fc.assert(
      fc.property(anyResult, (value) => {
        const found = [certificateOf, zoneOfResult, dnsRecordOf, clientCertificateOf].map((read) =>
          read(value),
        );
        for (const { id } of found.filter((each) => each !== undefined)) {
          expect(id).not.toBe('');
          expect(encodeURIComponent(id)).toBeTruthy();
        }
        expect(typeof tokenStateOf(value).status).toBe('string');
        expect(zoneSettingOf('ssl', value)?.value).not.toBeNull();
        const certificates = found
          .slice(0, 1)
          .flatMap((each) => (each === undefined ? [] : [certificateOf(each)]));
        const listing = new Listing({
          complete: true,
          certificates: certificates.filter((each) => each !== undefined),
        });
        expect(listing.byPublicKey('__proto__')).toEqual([]);
      }),
      fuzz(500),
    );
  });

  test('in pages that never end is given up, as incomplete', async () => {
    let id = 0;
    const page = () =>
      Promise.resolve({ result: [{ id: String((id += 1)) }], totalCount: 5e6, rayId: undefined });
    const { items, complete } = await readPages(page, zoneless);
    expect(complete).toBe(false);
    expect(items).toHaveLength(2000);
  });

  function zoneless(value: unknown): { readonly id: string } | undefined {
    return typeof value === 'object' && value !== null && 'id' in value
      ? { id: String(value.id) }
      : undefined;
  }
});

describe('headers', () => {
  test('are read or passed over', () => {
    const names = fc.constantFrom('cf-ray', 'date', 'retry-after', 'ratelimit');
    const value = fc.oneof(
      anyText,
      fc.constantFrom('"default";r=50;t=0', 'r=1e9', '-5', '1e400', '9'.repeat(400), 'Sat, 99 Nov 99999 GMT'),
    );
    fc.assert(
      fc.property(fc.dictionary(names, fc.oneof(value, fc.array(value))), (headers) => {
        const { rayId, dateMs, retryAfterMs } = readHeaders(headers as Record<string, string>);
        expect(rayId ?? 'x').toMatch(/^[0-9A-Za-z-]{1,64}$/);
        expect(Number.isNaN(dateMs)).toBe(false);
        expect(retryAfterMs ?? 0).toBeGreaterThanOrEqual(0);
        expect(retryAfterMs ?? 0).toBeLessThanOrEqual(3_600_000);
      }),
      fuzz(300),
    );
  });
});

describe('over the wire', () => {
  test('every answer is a result or a CloudflareError', async () => {
    let next = { status: 200, body: '' };
    const others: unknown[] = [];
    const wire = await Wire.start((_, response) => {
      response.statusCode = next.status;
      response.end(next.body);
    });
    const { signal } = new AbortController();
    const answer = fc.record({
      status: fc.constantFrom(200, 201, 400, 401, 403, 404, 409, 429, 500, 503),
      body: fc.oneof(
        anyText,
        fc
          .record({
            success: fc.boolean(),
            errors: fc.array(anyError),
            result: fc.oneof(anyResult, fc.array(anyResult)),
            result_info: anyValue,
          })
          .map((each) => JSON.stringify(each)),
      ),
    });
    const wanted = {
      csr: 'x',
      hostnames: ['example.com'],
      requestType: 'origin-ecc',
      requestedValidity: 90,
    } as const;
    try {
      await fc.assert(
        fc.asyncProperty(answer, async (given) => {
          next = given;
          const results = await Promise.allSettled([
            wire.client.createCertificate(wanted, { signal }),
            wire.client.getCertificate('7', { signal }),
            wire.client.revokeCertificate('7', { signal }),
            wire.client.listCertificates('zone', { signal }),
            wire.client.listZones({ signal }),
            wire.client.verifyToken({ signal }),
          ]);
          for (const result of results)
            if (result.status === 'rejected' && !(result.reason instanceof CloudflareError))
              others.push(given, result.reason);
        }),
        fuzz(60),
      );
    } finally {
      await wire.stop();
    }
    expect(others).toEqual([]);
  });
});
