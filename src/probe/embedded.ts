/** Where an IPv4 address stands in an IPv6 address: its four octets, by their places. */
type Octets = readonly [number, number, number, number];

const LAST: Octets = [12, 13, 14, 15];

interface Embedding {
  /** The octets that such an address begins with. */
  readonly prefix: readonly number[];
  readonly at: Octets;
  /** Written with every bit turned round. */
  readonly isInverted?: boolean;
  /** All octets from here on are zero; otherwise the address is laid out in another way. */
  readonly zeroFrom?: number;
}

const zeros = (count: number): readonly number[] => Array.from({ length: count }, () => 0);

/** NAT64 for use within one network (RFC 8215), whose operator chose one of the layouts of RFC 6052. */
const LOCAL_NAT64 = [0x00, 0x64, 0xff, 0x9b, 0x00, 0x01];

const EMBEDDINGS: readonly Embedding[] = [
  // IPv4-compatible (RFC 4291, given up), IPv4-mapped, and translated (RFC 2765).
  { prefix: zeros(12), at: LAST },
  { prefix: [...zeros(10), 0xff, 0xff], at: LAST },
  { prefix: [...zeros(8), 0xff, 0xff, 0, 0], at: LAST },
  // NAT64 (RFC 6052).
  { prefix: [0x00, 0x64, 0xff, 0x9b, ...zeros(8)], at: LAST },
  { prefix: LOCAL_NAT64, at: [6, 7, 9, 10], zeroFrom: 11 },
  { prefix: LOCAL_NAT64, at: [7, 9, 10, 11], zeroFrom: 12 },
  { prefix: LOCAL_NAT64, at: [9, 10, 11, 12], zeroFrom: 13 },
  { prefix: LOCAL_NAT64, at: LAST },
  // 6to4 (RFC 3056).
  { prefix: [0x20, 0x02], at: [2, 3, 4, 5] },
  // Teredo (RFC 4380): its server, and the client behind it.
  { prefix: [0x20, 0x01, 0, 0], at: [4, 5, 6, 7] },
  { prefix: [0x20, 0x01, 0, 0], at: LAST, isInverted: true },
];

/**
 * The IPv4 addresses that translators and tunnels may make of an IPv6 address; none for most. Where only the operator
 * of a translator knows how it is read, every reading is there.
 *
 * @param ip a plain IPv6 address, without a zone.
 */
export function embeddedIPv4(ip: string): readonly string[] {
  const octets = octetsOf(ip);
  return EMBEDDINGS.filter((embedding) => isLaidOut(octets, embedding)).map(({ at, isInverted = false }) =>
    at.map((place) => (octets[place] ?? 0) ^ (isInverted ? 255 : 0)).join('.'),
  );
}

function isLaidOut(octets: readonly number[], { prefix, at, zeroFrom }: Embedding): boolean {
  if (!prefix.every((octet, place) => octets[place] === octet)) return false;
  // No host's address begins with zero: this one is in another of the layouts.
  if (prefix === LOCAL_NAT64 && octets[at[0]] === 0) return false;
  return zeroFrom === undefined || octets.slice(zeroFrom).every((octet) => octet === 0);
}

function octetsOf(ip: string): readonly number[] {
  // The parser of URLs writes dotted quads as groups too.
  const [head = '', tail] = new URL(`http://[${ip}]`).hostname.slice(1, -1).split('::');
  const before = groupsOf(head);
  const after = groupsOf(tail ?? '');
  const groups = [...before, ...zeros(8 - before.length - after.length), ...after];
  return groups.flatMap((group) => [group >> 8, group & 255]);
}

function groupsOf(text: string): readonly number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
}
