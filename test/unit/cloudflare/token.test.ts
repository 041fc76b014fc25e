import { inspect } from 'node:util';
import pino from 'pino';
import { describe, expect, test } from 'vitest';
import { ApiToken } from '../../../src/cloudflare/token.ts';

const VALUE = 'q8Zt0Planted_Token-abcdefghijklmnopqrstu';

describe('ApiToken', () => {
  test('drops the whitespace that a Secret made with echo brings', () => {
    expect(new ApiToken(`  ${VALUE}\r\n`).reveal()).toBe(VALUE);
  });

  test('prints as [redacted], whichever way it is printed', () => {
    const token = new ApiToken(VALUE);
    const lines: string[] = [];
    const log = pino({}, { write: (line: string) => void lines.push(line) });
    log.info({ token, nested: { deeper: { token } } }, 'with a token');
    const printed = [
      String(token),
      `${inspect({ token }, { depth: 9, showHidden: true })}`,
      JSON.stringify({ token }),
      ...lines,
    ];
    for (const text of printed) {
      expect(text).toContain('[redacted]');
      expect(text).not.toContain('Planted');
    }
  });

  test('is named by a digest that is not the value', () => {
    const token = new ApiToken(VALUE);
    expect(token.digest()).toBe(new ApiToken(`${VALUE}\n`).digest());
    expect(token.digest()).not.toBe(new ApiToken('other').digest());
    expect(token.digest()).toMatch(/^[0-9a-f]{32}$/);
  });

  test('finds no problem in a token', () => {
    expect(new ApiToken(VALUE).problem()).toBeUndefined();
  });

  test.each([
    ['an empty one', ' \n', 'empty'],
    ['a service key', 'v1.0-0123456789abcdef', 'no longer accepts: create an API token'],
    ['a global key', 'a'.repeat(37), 'Global API Key'],
    ['two lines', `${VALUE}\n${VALUE}`, 'line breaks'],
    ['other letters', 'tökenvalue', 'characters that no token has'],
    ['the placeholder of the example', 'PUT-YOUR-API-TOKEN-HERE', 'placeholder'],
    ['a quoted token', '"Planted-0123456789"', 'quotes'],
    ['a piece of JSON', '{', 'other characters'],
  ])('says what is wrong with %s and what to do, without showing it', (_, value, words) => {
    const problem = new ApiToken(value).problem();
    expect(problem).toContain(words);
    expect(problem).not.toContain('Planted');
    expect(problem).not.toContain('0123456789');
  });
});
