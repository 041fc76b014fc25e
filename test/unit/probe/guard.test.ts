import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatAddress, parseAddress } from '../../../src/probe/address.ts';
import {
  CLOUDFLARE_CIDRS,
  isCloudflareAddress,
  isNoOriginContent,
} from '../../../src/probe/cloudflare-ranges.ts';
import { AddressGuard } from '../../../src/probe/guard.ts';

const guard = new AddressGuard([]);
const v4 = (bits: number): string => [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.');

/** An arithmetic of its own, to judge the one under test. */
function isWithin(bits: number, cidr: string): boolean {
  const [network = '', length = '32'] = cidr.split('/');
  const base = network.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - Number(length));
  return Math.floor(bits / size) === Math.floor(base / size);
}

const REFUSED = [
  '0.0.0.0/8',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '100.100.100.200/32',
  '168.63.129.16/32',
  '192.0.0.192/32',
];

describe('the guard', () => {
  test.each([
    ['127.0.0.1', 'a loopback address'],
    ['127.255.255.254', 'a loopback address'],
    ['::1', 'a loopback address'],
    ['0.0.0.0', 'an unspecified address'],
    ['::', 'an unspecified address'],
    ['169.254.169.254', 'a metadata address'],
    ['fd00:ec2::254', 'a metadata address'],
    ['169.254.1.1', 'a link-local address'],
    ['fe80::1', 'a link-local address'],
    ['febf::1', 'a link-local address'],
    ['fe80::1%eth0', 'no plain IP address'],
    ['224.0.0.1', 'a multicast address'],
    ['ff02::1', 'a multicast address'],
    ['255.255.255.255', 'a reserved address'],
    ['::ffff:127.0.0.1', 'a loopback address'],
    ['::ffff:7f00:1', 'a loopback address'],
    ['::ffff:169.254.169.254', 'a metadata address'],
    ['64:ff9b::7f00:1', 'a loopback address'],
    ['64:ff9b::169.254.169.254', 'a metadata address'],
    ['::7f00:1', 'a loopback address'],
    ['::ffff:0:127.0.0.1', 'a loopback address'],
    ['::ffff:0:a9fe:a9fe', 'a metadata address'],
    ['64:ff9b:1::169.254.169.254', 'a metadata address'],
    ['64:ff9b:1:abcd:0:1:127.0.0.1', 'a loopback address'],
    // 127.0.0.1 in the layouts of prefixes of 48, 56 and 64 bits.
    ['64:ff9b:1:7f00:0:100::', 'a loopback address'],
    ['64:ff9b:1:aa7f:0:1::', 'a loopback address'],
    ['64:ff9b:1:aaaa:7f:0:100::', 'a loopback address'],
    ['2002:7f00:1::', 'a loopback address'],
    ['2002:a9fe:a9fe:1::5', 'a metadata address'],
    ['2001:0:7f00:1::f5ff:fffe', 'a loopback address'],
    ['2001:0:808:808:0:0:80ff:fffe', 'a loopback address'],
    ['localhost', 'no plain IP address'],
  ])('refuses %s: %s', (ip, what) => {
    expect(guard.refusal(ip)).toBe(what);
  });

  test.each([
    '10.0.0.1',
    '192.168.1.1',
    '172.16.0.1',
    '8.8.8.8',
    'fd00::1',
    '2001:db8::1',
    '128.0.0.1',
    '64:ff9b:1::10.0.0.1',
    '64:ff9b:1:fffe::8.8.8.8',
    '64:ff9b:1:a00:0:100::',
    '64:ff9b:2::127.0.0.1',
    '2002:a00:1::7f00:1',
    '2001:0:808:808::f5ff:fffe',
    '2001:1:7f00:1::7f00:1',
    '1:2:3:4:5:6:127.0.0.1',
  ])('lets %s pass', (ip) => {
    expect(guard.refusal(ip)).toBeUndefined();
  });

  test('refuses exactly the ranges, also when they are written as IPv6', () => {
    const near = fc.constantFrom(...REFUSED).chain((cidr) => {
      const [network = ''] = cidr.split('/');
      const base = network.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
      return fc.integer({ min: -300, max: 300 }).map((offset) => (base + offset + 2 ** 32) % 2 ** 32);
    });
    const any = fc.integer({ min: 0, max: 2 ** 32 - 1 });
    fc.assert(
      fc.property(fc.oneof(near, any), (bits) => {
        const expected = REFUSED.some((cidr) => isWithin(bits, cidr));
        const hex = [bits >>> 16, bits & 0xff_ff].map((group) => group.toString(16)).join(':');
        const inverse = [~bits >>> 16, ~bits & 0xff_ff].map((group) => group.toString(16)).join(':');
        for (const ip of [
          v4(bits),
          `::ffff:${v4(bits)}`,
          `::ffff:0:${v4(bits)}`,
          `64:ff9b::${v4(bits)}`,
          `2002:${hex}::1`,
          `2001:0:808:808:0:0:${inverse}`,
        ])
          expect([ip, guard.refusal(ip) !== undefined]).toEqual([ip, expected]);
      }),
      { numRuns: 500 },
    );
  });

  test('lets pass what is allowed, and nothing beside it', () => {
    const allowing = new AddressGuard(['127.0.0.1/32', '::1', 'fe80::/64']);
    expect(['127.0.0.1', '::1', 'fe80::7'].map((ip) => allowing.refusal(ip))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(allowing.refusal('127.0.0.2')).toBe('a loopback address');
    expect(allowing.refusal('fe80:1::7')).toBe('a link-local address');
  });

  test.each([
    '',
    'x',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '::/129',
    '10.0.0/8',
    'fe80::%1/64',
    '10.0.0.0/-1',
  ])('%j is no network', (cidr) => {
    expect(() => new AddressGuard([cidr])).toThrow(RangeError);
  });
});

describe('Cloudflare’s own', () => {
  test('addresses are known, and only those', () => {
    const ranges = CLOUDFLARE_CIDRS.filter((cidr) => cidr.includes('.'));
    fc.assert(
      fc.property(
        fc.oneof(
          fc.integer({ min: 0, max: 2 ** 32 - 1 }),
          fc.integer({ min: 0x68_0f_00_00, max: 0x68_20_00_00 }),
        ),
        (bits) => {
          expect(isCloudflareAddress(v4(bits))).toBe(ranges.some((cidr) => isWithin(bits, cidr)));
        },
      ),
      { numRuns: 500 },
    );
    expect(isCloudflareAddress('2606:4700::6810:1')).toBe(true);
    expect(isCloudflareAddress('2607:4700::1')).toBe(false);
    expect(isCloudflareAddress('www.example.com')).toBe(false);
  });

  test.each([
    ['CNAME', '7c3f.cfargotunnel.com', true],
    ['CNAME', 'Shop.Pages.DEV.', true],
    ['CNAME', 'x.workers.dev', true],
    ['CNAME', 'pub-1.r2.dev', true],
    ['CNAME', 'a.r2.cloudflarestorage.com', true],
    ['CNAME', 'notpages.dev', false],
    ['CNAME', 'pages.dev.example.com', false],
    ['CNAME', 'origin.example.net', false],
    ['A', '192.0.2.1', true],
    ['A', '104.16.1.1', true],
    ['A', '203.0.113.1', false],
    ['AAAA', '100::', true],
    ['AAAA', '100::1:0:0:1', true],
    ['AAAA', '100:0:0:1::', false],
    ['AAAA', '2606:4700::1', true],
    ['AAAA', '2001:db8::1', false],
  ])('%s %s has no origin: %s', (type, content, expected) => {
    expect(isNoOriginContent(type, content)).toBe(expected);
  });
});

describe('an address', () => {
  test.each([
    ['10.0.0.1:8443', { host: '10.0.0.1', port: 8443 }],
    ['10.0.0.1', { host: '10.0.0.1', port: 443 }],
    ['[2001:db8::1]:443', { host: '2001:db8::1', port: 443 }],
    ['[2001:db8::1]', { host: '2001:db8::1', port: 443 }],
    ['2001:db8::1', { host: '2001:db8::1', port: 443 }],
    ['ingress.example.svc:443', { host: 'ingress.example.svc', port: 443 }],
    ['a:0', undefined],
    ['a:65536', undefined],
    ['a:b', undefined],
    ['https://a', undefined],
    ['[a]:443', undefined],
    ['a b:443', undefined],
    [':443', undefined],
    ['', undefined],
  ])('%j is read as %j', (text, expected) => {
    expect(parseAddress(text)).toEqual(expected);
  });

  test('is read as it was written', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), fc.integer({ min: 1, max: 65_535 }), (host, port) => {
        expect(parseAddress(formatAddress(host, port))).toEqual({ host, port });
      }),
    );
  });
});
