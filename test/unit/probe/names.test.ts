import * as fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { isServerName, nameCovers, namesOn, wildcardOf } from '../../../src/probe/names.ts';
import { authority, leaf, type Signed } from '../../support/tls-origin-certificates.ts';

const label = fc
  .stringMatching(/^[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?$/)
  .filter((text) => !text.startsWith('xn--'));
const domain = fc.array(label, { minLength: 2, maxLength: 4 }).map((labels) => labels.join('.'));

describe('nameCovers', () => {
  test.each([
    ['www.example.com', 'www.example.com', true],
    ['WWW.Example.COM.', 'www.example.com', true],
    ['*.example.com', 'www.example.com', true],
    ['*.example.com', 'a.b.example.com', false],
    ['*.example.com', 'example.com', false],
    ['*.example.com', '.example.com', false],
    ['*.example.com', '*.example.com', true],
    ['w*.example.com', 'www.example.com', false],
    ['www.*.com', 'www.example.com', false],
    ['*', 'com', false],
    ['*.*.com', 'www.example.com', false],
    ['bücher.example', 'xn--bcher-kva.example', true],
    ['', '', true],
  ])('%s for %s: %s', (name, hostname, expected) => {
    expect(nameCovers(name, hostname)).toBe(expected);
  });

  test('agrees with OpenSSL', async () => {
    const root = await authority('Root');
    await fc.assert(
      fc.asyncProperty(domain, domain, fc.boolean(), async (name, other, isWildcard) => {
        const onIt = isWildcard ? `*.${name}` : name;
        const { certificate } = await leaf(root, [onIt]);
        for (const asked of [name, `a.${name}`, `a.b.${name}`, other, `x${name}`]) {
          const openssl = certificate.checkHost(asked, { partialWildcards: false, subject: 'never' });
          expect([asked, onIt, nameCovers(onIt, asked)]).toEqual([asked, onIt, openssl !== undefined]);
        }
      }),
      { numRuns: 40 },
    );
  });

  test('a wildcard covers exactly those whose first label it replaces', () => {
    fc.assert(
      fc.property(label, domain, (first, rest) => {
        const hostname = `${first}.${rest}`;
        expect(wildcardOf(hostname)).toBe(`*.${rest}`);
        expect(nameCovers(`*.${rest}`, hostname)).toBe(true);
        expect(nameCovers(`*.${rest}`, `${first}.${hostname}`)).toBe(false);
      }),
    );
  });
});

describe('the names on a certificate', () => {
  let root: Signed;
  beforeAll(async () => {
    root = await authority('Root');
  });

  test.each([
    { names: ['a.example.com', '*.b.example.com'], expected: ['a.example.com', '*.b.example.com'] },
    // One name that tries to look like three.
    { names: ['x, DNS:www.example.com, DNS:y'], expected: [] },
    { names: ['quoted"one', 'a.example.com'], expected: ['a.example.com'] },
    { names: [], expected: [] },
  ])('$names', async ({ names, expected }) => {
    const { certificate } = await leaf(root, names);
    expect(namesOn(certificate)).toEqual(expected);
  });
});

test.each([
  ['www.example.com', true],
  ['_dmarc.example.com', true],
  ['localhost', true],
  ['*.example.com', false],
  ['a..b', false],
  ['-a.example.com', false],
  ['a b', false],
  ['a\r\nHost: b', false],
  ['a\n', false],
  ['', false],
  [`${'a'.repeat(254)}`, false],
])('%j can be asked for: %s', (name, expected) => {
  expect(isServerName(name)).toBe(expected);
});
