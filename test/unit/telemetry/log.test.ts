import { describe, expect, test } from 'vitest';
import { generateKey } from '../../../src/pki/keys.ts';
import { ApiToken } from '../../../src/cloudflare/token.ts';
import { createLogger } from '../../../src/telemetry/log.ts';

function capture(format: 'json' | 'pretty', level = 'info') {
  const lines: string[] = [];
  const log = createLogger({ level, format, destination: { write: (line) => void lines.push(line) } });
  return { log, lines, text: () => lines.join('') };
}

describe('a log line', () => {
  test('is one JSON object with level and time as words, and nothing about the host', () => {
    const { log, lines } = capture('json');
    log.child({ controller: 'certificate' }).warn({ key: 'a/b' }, 'words');
    expect(lines).toHaveLength(1);
    const { time, ...rest } = JSON.parse(lines[0]!) as Record<string, unknown>;
    expect(rest).toEqual({ level: 'warn', controller: 'certificate', key: 'a/b', msg: 'words' });
    expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  test('is for a person where asked', () => {
    const { log, text } = capture('pretty');
    log.info({ key: 'a/b' }, 'words');
    expect(text()).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: words\n {4}key: "a\/b"\n$/);
  });

  test.each(['json', 'pretty'] as const)(
    'in %s is one line, whatever the message and its fields quote',
    (format) => {
      const { log, text } = capture(format);
      const planted = 'x\n[12:00:00.000] ERROR: all is lost\r\u001b[31m\u202e\u2028';
      log.warn({ key: planted }, `a name: ${planted}`);
      expect(
        text()
          .match(/^.*all is lost/gm)
          ?.filter((line) => !/name: x|key|msg/.test(line)) ?? [],
      ).toEqual([]);
      // oxlint-disable-next-line no-control-regex -- the point is that there is none
      expect(text().replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f]/);
    },
  );

  test('below the level is not written', () => {
    const { log, lines } = capture('json', 'warn');
    log.info('quiet');
    expect(lines).toEqual([]);
  });

  test('tells the causes of an error', () => {
    const { log, text } = capture('json');
    log.error({ err: new Error('outer', { cause: new Error('inner') }) }, 'failed');
    expect(text()).toContain('outer');
    expect(text()).toContain('inner');
  });
});

describe.each(['json', 'pretty'] as const)('in %s, the last net', (format) => {
  test.each([
    ['a token field', { token: 'planted-secret' }],
    ['a token field two levels down', { issuer: { spec: { token: 'planted-secret' } } }],
    ['an authorization header', { headers: { authorization: 'planted-secret' } }],
    ["a Secret's data", { secret: { data: { 'api-token': 'planted-secret' } } }],
    ['a bare data key', { 'tls.key': 'planted-secret' }],
    ['a wrapped token', { deep: { deeper: { deepest: new ApiToken('planted-secret') } } }],
    ['a bearer header in a text', { err: new Error('sent Authorization: Bearer planted-secret') }],
  ])('catches %s', (_, fields) => {
    const { log, text } = capture(format);
    log.info(fields, 'words');
    expect(text()).toContain('[redacted]');
    expect(text()).not.toContain('planted-secret');
  });

  test('catches a private key in a message, an error, a cause, a field, and in base64', async () => {
    const { privateKeyPem } = await generateKey({ algorithm: 'ECDSA', size: 256 });
    const { log, text } = capture(format);
    const inner = privateKeyPem.split('\n')[1]!;
    const base64 = Buffer.from(privateKeyPem).toString('base64');
    log.info({ a: { b: { c: { d: privateKeyPem } } } }, `message ${privateKeyPem}`);
    log.error({ err: new Error(`error ${privateKeyPem}`, { cause: new Error(privateKeyPem) }) });
    log.info({ body: `{"tls.key":"${base64}"}`, cut: privateKeyPem.slice(0, 80) });
    expect(text()).toContain('[redacted]');
    expect(text()).not.toContain(inner.slice(0, 20));
    expect(text()).not.toContain(base64.slice(40, 80));
  });
});
