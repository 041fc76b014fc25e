import { describe, expect, test } from 'vitest';
import { parseAddress } from '../../../src/telemetry/address.ts';

describe('parseAddress', () => {
  test.each([
    [':8080', { host: undefined, port: 8080 }],
    ['127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
    ['localhost:65535', { host: 'localhost', port: 65_535 }],
    ['[::1]:8080', { host: '::1', port: 8080 }],
    ['8080', undefined],
    [':', undefined],
    [':65536', undefined],
    ['::1:8080', undefined],
    ['http://x:80', undefined],
    ['a b:80', undefined],
    ['', undefined],
  ])('%j', (text, address) => {
    expect(parseAddress(text)).toEqual(address);
  });
});
