import { describe, expect, test } from 'vitest';
import { parseEnvelope } from '../../../src/cloudflare/envelope.ts';

describe('parseEnvelope', () => {
  test.each([
    ['an HTML page', '<html><body>502 Bad Gateway</body></html>'],
    ['a cut answer', '{"success":true,"result":{"id":"12'],
    ['nothing', ''],
    ['an array', '[1,2]'],
    ['a bare string', '"error"'],
    ['null', 'null'],
  ])('takes %s for no answer', (_, body) => {
    expect(parseEnvelope(body)).toBeUndefined();
  });

  test('reads the success, the result and the total, and passes over unknown fields', () => {
    const body = {
      success: true,
      result: { id: '1' },
      errors: [],
      messages: null,
      result_info: { total_count: 7, cursors: {} },
      timing: 3,
    };
    expect(parseEnvelope(JSON.stringify(body))).toEqual({
      success: true,
      result: { id: '1' },
      errors: [],
      totalCount: 7,
    });
  });

  test.each([
    ['objects', [{ code: 1010, message: 'No.' }], [{ code: 1010, message: 'No' }]],
    ['codes as text', [{ code: '1010', message: 'No' }], [{ code: 1010, message: 'No' }]],
    ['strings', ['No'], [{ code: undefined, message: 'No' }]],
    ['one string', 'No', [{ code: undefined, message: 'No' }]],
    ['null', null, []],
    ['odd entries', [null, 5, {}], Array.from({ length: 3 }, () => ({ code: undefined, message: '' }))],
    [
      'a chain',
      [
        {
          code: 6003,
          message: 'Invalid request headers',
          error_chain: [{ code: 6111, message: 'Invalid format' }],
        },
      ],
      [
        { code: 6003, message: 'Invalid request headers' },
        { code: 6111, message: 'Invalid format' },
      ],
    ],
  ])('reads errors written as %s', (_, errors, expected) => {
    expect(parseEnvelope(JSON.stringify({ success: false, errors }))?.errors).toEqual(expected);
  });

  test('makes a message fit for a condition: one line, no PEM, no novel', () => {
    const pem = '-----BEGIN CERTIFICATE REQUEST-----\nMIIB\nabc\n-----END CERTIFICATE REQUEST-----';
    const message = `first\nsecond\u0000\u202e line ${pem} ${'x'.repeat(1000)}`;
    const read = parseEnvelope(JSON.stringify({ errors: [{ code: 1, message }] }))?.errors[0]?.message ?? '';
    expect(read).toMatch(/^first second line \[PEM\] x+…$/);
    expect(read.length).toBeLessThanOrEqual(301);
  });

  test('takes a PEM block that was cut for one too', () => {
    const errors = [{ code: 1, message: 'bad -----BEGIN CERTIFICATE REQUEST-----\nMIIBsecret' }];
    expect(parseEnvelope(JSON.stringify({ errors }))?.errors[0]?.message).toBe('bad [PEM]');
  });
});
