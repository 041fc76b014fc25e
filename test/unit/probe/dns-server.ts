import { createSocket } from 'node:dgram';

/** What a name has: addresses by family, an alias, or an error code of DNS (2: SERVFAIL); `undefined`: no answer. */
export type Zone = Readonly<Record<string, DnsAnswer>>;
export interface DnsAnswer {
  readonly A?: readonly string[] | 'silent' | 'failure';
  readonly AAAA?: readonly string[] | 'silent' | 'failure';
  readonly cname?: string;
}

const TYPES = { 1: 'A', 28: 'AAAA' } as const;
const CNAME = 5;

/** A name server on loopback, for UDP alone. */
export async function dnsServer(
  zone: Zone,
): Promise<{ readonly address: string; readonly asked: readonly string[] } & AsyncDisposable> {
  const asked: string[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => {
    const { name, type, end } = question(query);
    asked.push(`${type} ${name}`);
    const answer = answerTo(query.subarray(0, end), zone, name, type);
    if (answer !== undefined) socket.send(answer, from.port, from.address);
  });
  await new Promise<void>((resolve) => {
    socket.bind(0, '127.0.0.1', resolve);
  });
  return {
    address: `127.0.0.1:${socket.address().port}`,
    asked,
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => {
        socket.close(resolve);
      });
    },
  };
}

function question(query: Buffer): { name: string; type: 'A' | 'AAAA'; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  const type = query.readUInt16BE(at + 1);
  return { name: labels.join('.').toLowerCase(), type: type === 28 ? TYPES[28] : TYPES[1], end: at + 5 };
}

function answerTo(asked: Buffer, zone: Zone, name: string, type: 'A' | 'AAAA'): Buffer | undefined {
  const records: Buffer[] = [];
  let owner = name;
  for (let cname = zone[owner]?.cname; cname !== undefined; cname = zone[owner]?.cname) {
    records.push(record(owner, CNAME, wire(cname)));
    owner = cname;
  }
  const found = zone[owner]?.[type] ?? [];
  if (found === 'silent') return undefined;
  const code = found === 'failure' ? 2 : zone[owner] === undefined ? 3 : 0;
  const ips = found === 'failure' ? [] : found;
  records.push(...ips.map((ip) => record(owner, type === 'A' ? 1 : 28, bytesOf(ip))));
  const reply = Buffer.concat([asked, ...records]);
  reply.writeUInt16BE(0x81_80 | code, 2);
  reply.writeUInt16BE(1, 4);
  reply.writeUInt16BE(records.length, 6);
  reply.writeUInt32BE(0, 8);
  return reply;
}

function record(name: string, type: number, data: Buffer): Buffer {
  const head = Buffer.alloc(10);
  head.writeUInt16BE(type, 0);
  head.writeUInt16BE(1, 2);
  head.writeUInt32BE(60, 4);
  head.writeUInt16BE(data.length, 8);
  return Buffer.concat([wire(name), head, data]);
}

function wire(name: string): Buffer {
  const labels = name.split('.').map((text) => Buffer.from([text.length, ...Buffer.from(text)]));
  return Buffer.concat([...labels, Buffer.from([0])]);
}

/** IPv4 as it is, IPv6 only as `::x`: enough for loopback. */
function bytesOf(ip: string): Buffer {
  if (!ip.includes(':')) return Buffer.from(ip.split('.').map(Number));
  const bytes = Buffer.alloc(16);
  bytes.writeUInt16BE(Number.parseInt(ip.slice(2), 16), 14);
  return bytes;
}
