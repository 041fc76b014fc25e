import { createServer, type AddressInfo, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TLSSocket } from 'node:tls';
import { systemClock } from '../../../src/clock.ts';
import type { Verdict } from '../../../src/probe/types.ts';
import { waitFor } from '../../support/wait.ts';
import { OK, silentPort, tcpOrigin, tlsOrigin, type Origin } from '../../support/tls-origin.ts';
import { sign, type Signed } from '../../support/tls-origin-certificates.ts';
import { dnsServer } from './dns-server.ts';
import { authorities, HOST, knock, knockOnce, leaf, prober, type Authorities } from './scene.ts';

let known: Authorities;
let good: Signed;
let clientCa: Signed;
let client: Signed;
let foreign: Signed;

const pairOf = ({ pem, keyPem }: Signed) => ({ certificate: pem, key: keyPem });

beforeAll(async () => {
  known = await authorities();
  const pull = { isCa: true, name: [{ CN: ['Origin Pull'] }] };
  [good, clientCa] = await Promise.all([leaf(known.originEcc, [HOST]), sign(pull)]);
  client = await sign({ name: [{ CN: ['edge'] }], issuer: clientCa });
  foreign = await sign({ name: [{ CN: ['stranger'] }], issuer: await sign(pull) });
});

/** A port of loopback that nobody listens at. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  return port;
}

describe('an origin without TLS', () => {
  test('that nobody listens at is Refused (521)', async () => {
    const verdict = await knockOnce(`127.0.0.1:${await closedPort()}`, known.trust);
    expect(verdict).toMatchObject({ result: 'Refused', tls: false, clientCertificate: 'unknown' });
    expect(verdict.presented).toBeUndefined();
    expect(verdict.message).toContain('521');
  });

  /** Answers the first bytes that come, whatever they are. */
  const answering =
    (answer: (sent: Buffer) => string | Buffer) =>
    (socket: Socket): void => {
      socket.once('data', (sent) => {
        socket.end(answer(sent));
      });
    };

  const HANDSHAKES: readonly (readonly [string, (socket: Socket) => void, string])[] = [
    ['accepts and never answers', () => undefined, 'TLS is never answered'],
    ['hangs up at once', (socket) => void socket.end(), 'visitors'],
    ['hangs up on our first bytes', answering(() => ''), 'visitors'],
    [
      'resets the connection',
      (socket) => void socket.once('data', () => void socket.resetAndDestroy()),
      'ECONNRESET',
    ],
    [
      'knows no certificate for the name',
      answering(() => Buffer.from([21, 3, 3, 0, 2, 2, 112])),
      'No certificate is there for this name',
    ],
    [
      'speaks plain HTTP',
      answering(() => 'HTTP/1.1 400 Bad Request\r\n\r\nWhat?'),
      'Plain HTTP is spoken there',
    ],
    [
      'closes on what is no HTTP, which it speaks',
      answering((sent) => (sent.toString().startsWith('HEAD') ? OK : '')),
      'Plain HTTP is spoken there',
    ],
  ];

  test.each(HANDSHAKES)('that %s is HandshakeFailed (525)', async (_, behave, said) => {
    await using origin = await tcpOrigin(behave);
    const verdict = await knockOnce(origin.address, known.trust);
    expect(verdict).toMatchObject({ result: 'HandshakeFailed', tls: false, clientCertificate: 'unknown' });
    expect(verdict.message).toContain('525');
    expect(verdict.message).toContain(said);
  });

  test.each([
    ['garbage', Buffer.alloc(64 * 1024, 'A')],
    ['zeros', Buffer.alloc(64 * 1024)],
    ['what looks like handshake records', handshakeRecords()],
  ])('that sends 10 MB of %s is HandshakeFailed, and most of it is never read', async (_, block) => {
    const total = 10 * 1024 * 1024;
    let read = 0;
    await using origin = await tcpOrigin((socket) => {
      for (let sent = 0; sent < total; sent += block.length) socket.write(block);
      socket.on('close', () => {
        read = socket.bytesWritten - socket.writableLength;
      });
    });
    const verdict = await knockOnce(origin.address, known.trust);
    expect(verdict).toMatchObject({ result: 'HandshakeFailed', tls: false });
    await waitFor('the origin to see that we hung up', () => read > 0, { timeoutMs: 2_000, intervalMs: 5 });
    // Some of it only went as far as the buffers of the kernel.
    expect(read).toBeLessThan(total);
  });

  test('whose machine does not answer is a Timeout (522)', async () => {
    await using origin = await silentPort();
    const verdict = await knockOnce(origin.address, known.trust, { by: prober({ connectTimeoutMs: 150 }) });
    expect(verdict).toMatchObject({ result: 'Timeout', tls: false, clientCertificate: 'unknown' });
    expect(verdict.message).toContain('522');
  });
});

function handshakeRecords(): Buffer {
  const record = Buffer.alloc(16 * 1024 + 5, 1);
  record.set([22, 3, 3, 0x40, 0]);
  return record;
}

describe('what a record names, where something in the cluster routes the name elsewhere', () => {
  const probe = (address: string, by = prober()) =>
    by.probe(
      {
        hostname: HOST,
        addresses: [address],
        source: 'record',
        fromRecord: true,
        routedBy: 'Ingress web/shop',
      },
      known.trust,
      { signal: AbortSignal.timeout(5_000) },
    );

  test('is Unverifiable while no connection can be had, which may be so from inside alone', async () => {
    await using silent = await silentPort();
    for (const address of [`127.0.0.1:${await closedPort()}`, silent.address]) {
      const [verdict] = await probe(address);
      expect(verdict).toMatchObject({ result: 'Unverifiable', tls: false, fromRecord: true });
      expect(verdict?.message).toContain('Ingress web/shop routes the name at another address');
      expect(verdict?.message).toContain('spec.probes');
    }
  });

  test("is looked up as everybody's name, for which none of the cluster's own stands", async () => {
    await using server = await dnsServer({});
    await using fine = await tlsOrigin({ pair: good });
    const by = prober({ dnsServer: server.address });
    const address = `localhost:${fine.port}`;
    const [verdict] = await probe(address, by);
    expect(verdict?.message).toContain('The name localhost does not exist');
    const told = await knock([address], known.trust, { by });
    expect(told.map(({ result }) => result)).toContain('Valid');
  });

  test('is judged like any other once it answers', async () => {
    await using fine = await tlsOrigin({ pair: good });
    expect((await probe(fine.address))[0]?.result).toBe('Valid');
    await using other = await tlsOrigin({ pair: foreign });
    expect((await probe(other.address))[0]?.result).toBe('Untrusted');
  });
});

describe('an origin that demands a client certificate', () => {
  const demanding = (version: 'TLSv1.2' | 'TLSv1.3') => ({
    minVersion: version,
    maxVersion: version,
    requestCert: true,
    rejectUnauthorized: true,
    ca: clientCa.pem,
  });

  describe.each(['TLSv1.2', 'TLSv1.3'] as const)('by an alert of %s', (version) => {
    test('shows its certificate all the same', async () => {
      await using origin = await tlsOrigin({ pair: good, tls: demanding(version) });
      const verdict = await knockOnce(origin.address, known.trust);
      expect(verdict).toMatchObject({ result: 'Valid', tls: true, clientCertificate: 'required' });
      expect(verdict.clientAccepted).toBeUndefined();
      expect(verdict.message).toContain('demands a client certificate');
    });

    test('is judged by its certificate', async () => {
      const pair = await leaf(known.stranger, [HOST]);
      await using origin = await tlsOrigin({ pair, tls: demanding(version) });
      const verdict = await knockOnce(origin.address, known.trust);
      expect(verdict).toMatchObject({ result: 'Untrusted', tls: true, clientCertificate: 'required' });
    });

    test('takes the one it knows', async () => {
      await using origin = await tlsOrigin({ pair: good, tls: demanding(version) });
      const verdict = await knockOnce(origin.address, known.trust, { client: pairOf(client) });
      expect(verdict).toMatchObject({
        result: 'Valid',
        clientCertificate: 'required',
        clientAccepted: true,
      });
      expect(verdict.message).toContain('takes ours');
    });

    test('refuses a foreign one', async () => {
      await using origin = await tlsOrigin({ pair: good, tls: demanding(version) });
      const verdict = await knockOnce(origin.address, known.trust, { client: pairOf(foreign) });
      expect(verdict).toMatchObject({
        result: 'Valid',
        clientCertificate: 'required',
        clientAccepted: false,
      });
      expect(verdict.message).toContain('refuses the client certificate');
    });
  });

  /** As nginx does: it lets everybody shake hands and answers 400 to whom it does not know. */
  const likeNginx = (pair: Signed, needed: boolean): Promise<Origin> =>
    tlsOrigin({
      pair,
      tls: { requestCert: true, rejectUnauthorized: false, ca: clientCa.pem },
      answer: (socket) => {
        if (socket.authorized) return OK;
        const isShown = Object.keys(socket.getPeerCertificate()).length > 0;
        if (isShown) return nginxPage('The SSL certificate error');
        return needed ? nginxPage('No required SSL certificate was sent') : OK;
      },
    });

  test.each([
    { needed: true, shown: undefined, clientCertificate: 'required', clientAccepted: undefined },
    { needed: true, shown: 'ours', clientCertificate: 'required', clientAccepted: true },
    { needed: true, shown: 'foreign', clientCertificate: 'required', clientAccepted: false },
    { needed: false, shown: 'ours', clientCertificate: 'no', clientAccepted: true },
    { needed: false, shown: 'foreign', clientCertificate: 'no', clientAccepted: false },
  ])(
    'by a page of nginx (needed: $needed, shown: $shown): $clientCertificate, accepted $clientAccepted',
    async ({ needed, shown, clientCertificate, clientAccepted }) => {
      await using origin = await likeNginx(good, needed);
      const pair = shown === 'ours' ? client : foreign;
      const verdict = await knockOnce(origin.address, known.trust, {
        ...(shown !== undefined && { client: pairOf(pair) }),
      });
      expect(verdict).toMatchObject({ result: 'Valid', tls: true, clientCertificate });
      expect(verdict.clientAccepted).toBe(clientAccepted);
    },
  );

  test('is told from one whose 400 is its own', async () => {
    await using origin = await tlsOrigin({ pair: good, answer: nginxPage('Bad Request') });
    expect(await knockOnce(origin.address, known.trust)).toMatchObject({ clientCertificate: 'no' });
  });
});

function nginxPage(text: string): string {
  const page = `<html><head><title>400 ${text}</title></head><body><center>${text}</center></body></html>`;
  return `HTTP/1.1 400 Bad Request\r\nContent-Length: ${page.length}\r\n\r\n${page}`;
}

describe('what an origin answers', () => {
  const redirect = (location: string, status = 301): string =>
    `HTTP/1.1 ${status} Moved\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`;

  test.each([
    ['a redirect to http of the same host', redirect(`http://${HOST}/`), true],
    ['a redirect to http on port 80', redirect(`http://WWW.example.com:80/x`), true],
    [
      'a temporary redirect after early hints',
      `HTTP/1.1 103 Early\r\n\r\n${redirect(`http://${HOST}/`, 307)}`,
      true,
    ],
    ['a redirect to https', redirect(`https://${HOST}/login`), false],
    ['a redirect to http of another host', redirect('http://example.com/'), false],
    ['a redirect to another port', redirect(`http://${HOST}:8080/`), false],
    ['a redirect to a path', redirect('/login'), false],
    ['a redirect to nowhere', redirect('http://['), false],
    ['a page', OK, false],
    ['no HTTP', 'hello\n', false],
    ['a head without end', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}`, false],
  ])('%s: leads to http %#', async (_, answer, redirectsToHttp) => {
    await using origin = await tlsOrigin({ pair: good, answer });
    const verdict = await knockOnce(origin.address, known.trust);
    expect(verdict).toMatchObject({ result: 'Valid', redirectsToHttp, clientCertificate: 'no' });
  });

  test('that never ends is read no further than needed', async () => {
    let writer: TLSSocket | undefined;
    await using origin = await tlsOrigin({
      pair: good,
      answer: (socket) => {
        writer = socket;
        return `HTTP/1.1 400 Bad Request\r\n\r\n${'x'.repeat(50_000_000)}`;
      },
    });
    expect(await knockOnce(origin.address, known.trust)).toMatchObject({ result: 'Valid' });
    // The rest is cut off with the connection, so that its end was never written.
    expect(writer?.writableFinished).toBe(false);
  });

  test('may be nothing: who accepts TLS and keeps silent does not refuse us', async () => {
    await using origin = await tlsOrigin({ pair: good, answer: 'HTTP/1.1 200' });
    expect(await knockOnce(origin.address, known.trust)).toMatchObject({
      result: 'Valid',
      clientCertificate: 'no',
    });
  });

  test('may be the end of the connection, of which nothing follows', async () => {
    await using origin = await tlsOrigin({ pair: good, answer: '' });
    expect(await knockOnce(origin.address, known.trust)).toMatchObject({
      result: 'Valid',
      clientCertificate: 'unknown',
    });
  });
});

describe('the addresses of a name', () => {
  test('are all looked at: one bad one is seen', async () => {
    const bad = await leaf(known.stranger, [HOST]);
    await using first = await tlsOrigin({ pair: good });
    await using second = await tlsOrigin({ pair: bad });
    const verdicts = await knock([first.address, second.address], known.trust);
    expect(verdicts.map(({ address, result }) => [address, result])).toEqual([
      [first.address, 'Valid'],
      [second.address, 'Untrusted'],
    ]);
  });

  test('may be IPv6', async () => {
    await using origin = await tlsOrigin({ pair: good, host: '::1' });
    expect(await knockOnce(origin.address, known.trust)).toMatchObject({
      result: 'Valid',
      address: `[::1]:${origin.port}`,
    });
  });

  test('are looked at once each, however they are written', async () => {
    await using origin = await tlsOrigin({ pair: good });
    const verdicts = await knock([origin.address, origin.address], known.trust);
    expect(verdicts).toHaveLength(1);
    expect(origin.connections).toBe(1);
  });

  test.each([
    ['localhost:99999', 'is no host:port'],
    ['http://x', 'is no host:port'],
    ['[127.0.0.1]:443', 'is no host:port'],
    ['', 'is no host:port'],
    ['name-that-is-not.invalid:443', 'does not exist'],
    ['169.254.169.254:80', 'a metadata address'],
    ['[fe80::1]:443', 'a link-local address'],
    ['[::ffff:169.254.169.254]:443', 'a metadata address'],
    ['104.16.1.1:443', "Cloudflare's own"],
  ])('%s is Unverifiable and says what helps', async (address, said) => {
    const verdict = await knockOnce(address, known.trust);
    expect(verdict).toMatchObject({ result: 'Unverifiable', tls: false });
    expect(verdict.message).toContain(said);
    expect(verdict.message).toContain('spec.probes');
    expect(verdict.message).toContain('addresses: ["<service>.<namespace>.svc:443"]');
  });

  test('loopback is not contacted unless it is allowed', async () => {
    await using origin = await tlsOrigin({ pair: good });
    const verdict = await knockOnce(origin.address, known.trust, { by: prober({ allowCidrs: [] }) });
    expect(verdict).toMatchObject({ result: 'Unverifiable' });
    expect(verdict.message).toContain('--probe-allow-cidr');
    expect(origin.connections).toBe(0);
  });

  test('that a record leads to inside Cloudflare are NoOrigin', async () => {
    const [verdict] = await prober().probe(
      { hostname: HOST, addresses: ['104.16.1.1:443'], source: 'record A', fromRecord: true },
      known.trust,
      { signal: AbortSignal.timeout(5_000) },
    );
    expect(verdict).toMatchObject({ result: 'NoOrigin', tls: false });
  });

  test('that are none at all are Unverifiable', async () => {
    const [verdict] = await knock([], known.trust);
    expect(verdict).toMatchObject({ result: 'Unverifiable', address: '' });
  });

  test.each(['*.example.com', 'a b', 'x\r\nHost: y', ''])('%j cannot be asked for', async (hostname) => {
    await using origin = await tlsOrigin({ pair: good });
    const verdict = await knockOnce(origin.address, known.trust, { hostname });
    expect(verdict.result).toBe('Unverifiable');
    expect(origin.connections).toBe(0);
  });
});

describe('what an origin writes into its certificate', () => {
  let verdict: Verdict;
  let origin: Origin;

  beforeAll(async () => {
    const evil = `a\n\u001b[31mCN=www.example.com\u202e${'x'.repeat(5_000)}`;
    const pair = await sign({ name: [{ O: [evil] }, { CN: [evil] }], names: ['b.example.com'] });
    origin = await tlsOrigin({ pair });
    verdict = await knockOnce(origin.address, known.trust);
  });
  afterAll(() => origin[Symbol.asyncDispose]());

  test('is shown on one line, without control characters, and bounded', () => {
    expect(verdict.result).toBe('Untrusted');
    expect(verdict.message).not.toMatch(/\p{C}/u);
    expect(verdict.message.length).toBeLessThan(1_500);
    expect(verdict.presented?.subject.length).toBeLessThan(300);
  });
});

describe('the limits', () => {
  test('a connection that cannot be had is had once for all who wait for it', async () => {
    const by = prober({ connectTimeoutMs: 200 });
    const address = `127.0.0.1:${await closedPort()}`;
    const verdicts = await Promise.all(
      Array.from({ length: 20 }, (_, at) => knockOnce(address, known.trust, { by, hostname: `n${at}.test` })),
    );
    expect(new Set(verdicts.map(({ result }) => result))).toEqual(new Set(['Refused']));
    expect(new Set(verdicts.map(({ beganMs }) => beganMs)).size).toBe(1);
  });

  test('one address is knocked at by one at a time', async () => {
    let open = 0;
    let most = 0;
    await using origin = await tcpOrigin((socket) => {
      most = Math.max(most, (open += 1));
      socket.on('close', () => {
        open -= 1;
      });
      socket.once('data', () => void socket.end('no TLS'));
    });
    // An address that fails the handshake has a rest, which is not the point here.
    const by = prober({ clock: { ...systemClock, after: () => Promise.resolve() } });
    await Promise.all(
      Array.from({ length: 5 }, (_, at) =>
        knockOnce(origin.address, known.trust, { by, hostname: `n${at}.test` }),
      ),
    );
    // The other end hears of our closing a little later.
    expect(most).toBeLessThanOrEqual(2);
    expect(origin.connections).toBeGreaterThanOrEqual(5);
  });

  test('an abort ends a probe at once, with its reason', async () => {
    await using origin = await tcpOrigin(() => undefined);
    const abort = new AbortController();
    const probe = prober({ connectTimeoutMs: 9_000 }).probe(
      { hostname: HOST, addresses: [origin.address], source: 'test' },
      known.trust,
      { signal: abort.signal },
    );
    setImmediate(() => abort.abort(new Error('enough')));
    await expect(probe).rejects.toThrow('enough');
  });
});
