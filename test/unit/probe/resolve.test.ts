import { describe, expect, test } from 'vitest';
import { MOST_ADDRESSES, NameResolver } from '../../../src/probe/resolve.ts';
import { tlsOrigin } from '../../support/tls-origin.ts';
import { dnsServer, type DnsAnswer } from './dns-server.ts';
import { authorities, HOST, knock, leaf, prober } from './scene.ts';

const many = Array.from({ length: 40 }, (_, at) => `10.0.0.${at + 1}`);

describe('a name', () => {
  const CASES: readonly (readonly [string, DnsAnswer, object])[] = [
    ['with one address', { A: ['10.0.0.1'] }, { ips: ['10.0.0.1'], beyond: 0 }],
    ['with both families', { A: ['10.0.0.1'], AAAA: ['::9'] }, { ips: ['10.0.0.1', '::9'], beyond: 0 }],
    ['with IPv6 alone', { AAAA: ['::9'] }, { ips: ['::9'], beyond: 0 }],
    ['with one address twice', { A: ['10.0.0.1', '10.0.0.1'] }, { ips: ['10.0.0.1'], beyond: 0 }],
    ['with too many', { A: many }, { ips: many.slice(0, MOST_ADDRESSES), beyond: 24 }],
    ['with none', {}, { why: 'does not exist, or has no address' }],
    ['whose server fails', { A: 'failure' }, { why: expect.stringContaining('could not be looked up (E') }],
    [
      'whose server fails for one family',
      { A: ['10.0.0.1'], AAAA: 'failure' },
      { why: expect.stringContaining('could not be looked up (E') },
    ],
    ['whose server is silent', { A: 'silent' }, { why: expect.stringContaining('could not be looked up') }],
  ];

  test.each(CASES)('%s', async (_, answer, expected) => {
    await using server = await dnsServer({ 'a.test.example': answer });
    const resolver = new NameResolver({ dnsServer: server.address, timeoutMs: 600 });
    expect(await resolver.resolve('a.test.example')).toMatchObject(expected);
  });

  test('is followed through its aliases', async () => {
    await using server = await dnsServer({
      'a.test.example': { cname: 'b.test.example' },
      'b.test.example': { cname: 'c.test.example' },
      'c.test.example': { A: ['10.0.0.1'] },
    });
    const resolver = new NameResolver({ dnsServer: server.address });
    expect(await resolver.resolve('a.test.example')).toMatchObject({ ips: ['10.0.0.1'] });
  });

  test('that many ask for at once is looked up once', async () => {
    await using server = await dnsServer({ 'a.test.example': { A: ['10.0.0.1'] } });
    const resolver = new NameResolver({ dnsServer: server.address });
    await Promise.all(Array.from({ length: 50 }, () => resolver.resolve('a.test.example')));
    expect(server.asked).toHaveLength(2);
    await resolver.resolve('a.test.example');
    expect(server.asked).toHaveLength(4);
  });

  test('is not looked up behind too many that wait', async () => {
    const names = Array.from({ length: 100 }, (_, at) => `n${at}.test.example`);
    const silence: Record<string, DnsAnswer> = Object.fromEntries(
      names.map((name) => [name, { A: 'silent', AAAA: 'silent' }]),
    );
    await using server = await dnsServer(silence);
    const resolver = new NameResolver({ dnsServer: server.address, timeoutMs: 300 });
    const found = await Promise.all(names.map((name) => resolver.resolve(name)));
    const refused = found.filter((one) => one.kind === 'failed' && one.why.includes('too many look-ups'));
    expect(refused).toHaveLength(36);
  });

  test('of this machine is known to the system, and to it alone', async () => {
    const found = await new NameResolver({}).resolve('localhost');
    expect(found).toMatchObject({ kind: 'addresses', ips: expect.arrayContaining(['127.0.0.1']) });
    await using server = await dnsServer({});
    // A name without a dot is the cluster's business: the server does not know it, the system does.
    expect(await new NameResolver({ dnsServer: server.address }).resolve('localhost')).toEqual(found);
  });
});

describe("a name that means what it means to everybody, as a DNS record's", () => {
  test('is asked for as it is', async () => {
    await using server = await dnsServer({ 'a.test.example': { A: ['10.0.0.1'] } });
    const resolver = new NameResolver({ dnsServer: server.address });
    for (const name of ['a.test.example', 'a.test.example.'])
      expect(await resolver.resolve(name, { isPublic: true })).toMatchObject({ ips: ['10.0.0.1'] });
    expect(new Set(server.asked)).toEqual(new Set(['A a.test.example', 'AAAA a.test.example']));
  });

  test.each(['localhost', 'ingress.web.svc', 'printer.local'])(
    'is never one of the cluster or of this machine, as %s',
    async (name) => {
      await using server = await dnsServer({});
      const resolver = new NameResolver({ dnsServer: server.address });
      expect(await resolver.resolve(name, { isPublic: true })).toEqual({
        kind: 'failed',
        why: 'does not exist, or has no address',
      });
    },
  );

  test('is looked up apart from the same name in the words of the cluster', async () => {
    await using server = await dnsServer({});
    const resolver = new NameResolver({ dnsServer: server.address });
    const [inside, outside] = await Promise.all([
      resolver.resolve('localhost'),
      resolver.resolve('localhost', { isPublic: true }),
    ]);
    expect([inside.kind, outside.kind]).toEqual(['addresses', 'failed']);
  });
});

describe('the origins behind a name', () => {
  test('are each knocked at, in both families, and one bad one is seen', async () => {
    const known = await authorities();
    await using first = await tlsOrigin({ pair: await leaf(known.originEcc, [HOST]) });
    const bad = await leaf(known.originEcc, ['other.example.com']);
    await using second = await tlsOrigin({ pair: bad, host: '::1', port: first.port });
    await using server = await dnsServer({
      'www.test.example': { cname: 'origin.test.example' },
      'origin.test.example': { A: ['127.0.0.1'], AAAA: ['::1'] },
    });
    const by = prober({ dnsServer: server.address });
    const verdicts = await knock([`www.test.example:${first.port}`], known.trust, { by });
    expect(verdicts.map(({ address, result }) => [address, result])).toEqual([
      [`127.0.0.1:${first.port} (www.test.example)`, 'Valid'],
      [`[::1]:${second.port} (www.test.example)`, 'NameMismatch'],
    ]);
    expect(first.asked).toEqual([HOST]);
  });

  test('are guarded by what the name resolves to, the first sixteen are looked at, and the rest does not pass unseen', async () => {
    const known = await authorities();
    await using server = await dnsServer({
      'rebound.test.example': { A: ['169.254.169.254'] },
      'many.test.example': { A: Array.from({ length: 20 }, (_, at) => `127.9.0.${at + 1}`) },
    });
    const by = prober({ dnsServer: server.address });
    const [rebound] = await knock(['rebound.test.example:80'], known.trust, { by });
    expect(rebound).toMatchObject({ result: 'Unverifiable' });
    expect(rebound?.message).toContain('a metadata address');
    // Nothing listens at port 9 of these.
    const verdicts = await knock(['many.test.example:9'], known.trust, { by });
    expect(verdicts).toHaveLength(MOST_ADDRESSES + 1);
    const [rest, ...others] = verdicts.toReversed();
    expect(new Set(others.map(({ result }) => result))).toEqual(new Set(['Refused']));
    expect(rest).toMatchObject({ result: 'Unverifiable', address: 'many.test.example:9' });
    expect(rest?.message).toContain('4 more addresses');
  });
});
