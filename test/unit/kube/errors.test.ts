import { describe, expect, test } from 'vitest';
import { errorFromFailure, errorFromStatus, KubeError } from '../../../src/kube/errors.ts';

const operation = { verb: 'apply', resource: 'configmaps', name: 'shop/web' };
const status = (fields: object): object => ({ kind: 'Status', apiVersion: 'v1', ...fields });
const live = new AbortController().signal;

describe('a refusal of the API server', () => {
  test.each([
    [400, 'BadRequest', 'BadRequest'],
    [401, 'Unauthorized', 'Unauthorized'],
    [403, 'Forbidden', 'Forbidden'],
    [404, 'NotFound', 'NotFound'],
    [405, 'MethodNotAllowed', 'BadRequest'],
    [409, 'Conflict', 'Conflict'],
    [409, 'AlreadyExists', 'AlreadyExists'],
    [410, 'Expired', 'Gone'],
    [413, 'RequestEntityTooLarge', 'BadRequest'],
    [422, 'Invalid', 'Invalid'],
    [429, 'TooManyRequests', 'TooManyRequests'],
    [500, 'InternalError', 'Server'],
    [503, 'ServiceUnavailable', 'Server'],
    [504, 'Timeout', 'Server'],
  ])('of status %s with reason %s is %s', (statusCode, reason, kind) => {
    const error = errorFromStatus(operation, { statusCode, status: status({ reason, message: 'no' }) });
    expect(error).toMatchObject({ kind, statusCode, reason, message: 'apply configmaps shop/web: no' });
  });

  test('keeps the causes, and the longer wait of the header', () => {
    const details = {
      retryAfterSeconds: 2,
      causes: [{ reason: 'FieldValueInvalid', field: 'spec.x', message: 'bad' }, 7],
    };
    const body = status({ message: 'no', details });
    const error = errorFromStatus(operation, { statusCode: 422, status: body });
    expect(error.retryAfterMs).toBe(2_000);
    expect(error.causes).toEqual([
      { reason: 'FieldValueInvalid', field: 'spec.x', message: 'bad' },
      { message: '' },
    ]);
    expect(
      errorFromStatus(operation, { statusCode: 429, status: body, retryAfterMs: 9_000 }).retryAfterMs,
    ).toBe(9_000);
  });

  test.each([
    ['HTML', undefined],
    ['another object', { kind: 'Secret', message: 's3cr3t', data: { key: 's3cr3t' } }],
    ['a string', 's3cr3t'],
    ['null', null],
  ])('that is %s is named by its code and not quoted', (_name, body) => {
    const error = errorFromStatus(operation, { statusCode: 502, status: body });
    expect(error.message).toBe('apply configmaps shop/web: HTTP 502');
    expect(JSON.stringify(error)).not.toContain('s3cr3t');
  });

  test.each([
    [400, 'cannot decode "s3cr3t"', [], 'the Secret could not be read (details withheld)'],
    [422, 'data: "s3cr3t"', [], 'invalid (details withheld)'],
    [
      422,
      'Secret "a" is invalid: patch: Invalid value: "{\\"key\\":\\"s3cr3t\\"}": illegal base64 data',
      [
        {
          field: 'patch',
          reason: 'FieldValueInvalid',
          message: 'Invalid value: "{\\"key\\":\\"s3cr3t\\"}": illegal base64 data',
        },
      ],
      'patch: illegal base64 data',
    ],
    [
      422,
      'worded in another way: s3cr3t',
      [{ field: 'data', reason: 'FieldValueInvalid', message: 'Invalid value: map{s3cr3t}: "s3cr3t"' }],
      'data: FieldValueInvalid',
    ],
    [
      422,
      'secrets "a" is forbidden: policy denied request: only ours',
      [{ message: 'policy denied request: only ours' }],
      'policy denied request: only ours',
    ],
    [403, 'exceeded quota: secrets', [], 'exceeded quota: secrets'],
    [
      403,
      `policy denied request: not welcome: ${Buffer.from('-----BEGIN PRIVATE KEY-----\nMIGH').toString('base64')}`,
      [],
      'policy denied request: not welcome: (the rest is withheld, it quotes the Secret)',
    ],
    [422, 'denied: -----BEGIN PRIVATE KEY-----\nMIGH', [], 'invalid (details withheld)'],
    [500, '.data.key: expected string, got s3cr3t', [], 'the Secret could not be read (details withheld)'],
  ])('of a Secret by %s is told without its values: %s', (statusCode, message, causes, told) => {
    const body = status({ message, details: { causes } });
    const error = errorFromStatus({ ...operation, resource: 'secrets' }, { statusCode, status: body });
    expect(error.message).toBe(`apply secrets shop/web: ${told}`);
    expect(JSON.stringify(error)).not.toContain('s3cr3t');
  });

  test('to read Secrets is told as it is: it quotes none', () => {
    const list = { verb: 'list', resource: 'secrets', name: 'in shop' };
    const body = status({ message: 'etcd is away' });
    expect(errorFromStatus(list, { statusCode: 500, status: body }).message).toBe(
      'list secrets in shop: etcd is away',
    );
  });

  test('is cut where it is longer than a sentence', () => {
    const body = status({ message: 'x'.repeat(100_000) });
    expect(errorFromStatus(operation, { statusCode: 500, status: body }).message.length).toBeLessThan(1_100);
  });
});

describe('a request without a complete answer', () => {
  const coded = (code: string): Error => Object.assign(new Error('s3cr3t'), { code });

  test.each([
    [coded('ECONNREFUSED'), 'Network', 'ECONNREFUSED'],
    [coded('UND_ERR_SOCKET'), 'Network', 'UND_ERR_SOCKET'],
    [coded('UND_ERR_HEADERS_TIMEOUT'), 'Timeout', 'UND_ERR_HEADERS_TIMEOUT'],
    [coded('UND_ERR_CONNECT_TIMEOUT'), 'Timeout', 'UND_ERR_CONNECT_TIMEOUT'],
    [
      new TypeError('terminated', { cause: coded('UND_ERR_BODY_TIMEOUT') }),
      'Timeout',
      'UND_ERR_BODY_TIMEOUT',
    ],
    [new TypeError('terminated'), 'Network', 'TypeError'],
    ['thrown text', 'Network', 'unknown failure'],
  ])('because of %s is %s', (failure, kind, code) => {
    const error = errorFromFailure(operation, failure, live);
    expect(error.kind).toBe(kind);
    expect(error.message).toContain(`(${code})`);
    expect(error.message).not.toContain('s3cr3t');
  });

  test('is Aborted when its signal was, and Timeout when that was a deadline', async () => {
    expect(errorFromFailure(operation, new Error('x'), AbortSignal.abort()).kind).toBe('Aborted');
    const late = AbortSignal.abort(new DOMException('late', 'TimeoutError'));
    expect(errorFromFailure(operation, new Error('x'), late).kind).toBe('Timeout');
  });

  test('keeps the KubeError it already is', () => {
    const error = new KubeError('Fenced', 'not sent');
    expect(errorFromFailure(operation, error, AbortSignal.abort())).toBe(error);
  });
});
