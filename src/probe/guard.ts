import { BlockList, isIP } from 'node:net';
import { embeddedIPv4 } from './embedded.ts';

/**
 * Addresses that no probe contacts, because what answers there is this machine, its neighbours on the wire or a
 * cloud's metadata service, and never an origin of Cloudflare's. Private ranges are not among them: that is where
 * Ingress controllers live.
 */
const REFUSED: readonly (readonly [cidr: string, what: string])[] = [
  ['127.0.0.0/8', 'a loopback address'],
  ['::1/128', 'a loopback address'],
  ['0.0.0.0/8', 'an unspecified address'],
  ['::/128', 'an unspecified address'],
  ['169.254.169.254/32', 'a metadata address'],
  ['fd00:ec2::254/128', 'a metadata address'],
  ['fd20:ce::254/128', 'a metadata address'],
  ['100.100.100.200/32', 'a metadata address'],
  ['168.63.129.16/32', 'a metadata address'],
  ['192.0.0.192/32', 'a metadata address'],
  ['169.254.0.0/16', 'a link-local address'],
  ['fe80::/10', 'a link-local address'],
  ['224.0.0.0/4', 'a multicast address'],
  ['ff00::/8', 'a multicast address'],
  ['240.0.0.0/4', 'a reserved address'],
];

const REFUSALS = REFUSED.map(([cidr, what]) => ({ list: blockList([cidr]), what }));

/** Judges addresses as they were resolved, right before they are dialled: a name cannot change them afterwards. */
export class AddressGuard {
  readonly #allowed: BlockList;

  /** Throws a RangeError that shows the text which is no CIDR. */
  constructor(allowCidrs: readonly string[]) {
    this.#allowed = blockList(allowCidrs);
  }

  /** What the address is that it may not be contacted, as `a loopback address`; undefined: it may. */
  refusal(ip: string): string | undefined {
    const family = isIP(ip);
    if (family === 0 || ip.includes('%')) return 'no plain IP address';
    const kind = family === 4 ? 'ipv4' : 'ipv6';
    if (this.#allowed.check(ip, kind)) return undefined;
    const refused =
      REFUSALS.find(({ list }) => list.check(ip, kind)) ??
      // Translators and tunnels lead these back to IPv4.
      (family === 6 ? embeddedIPv4(ip) : [])
        .map((inner) => REFUSALS.find(({ list }) => list.check(inner, 'ipv4')))
        .find((found) => found !== undefined);
    return refused?.what;
  }
}

/** A list of networks in CIDR notation; a bare address is a network of one. Throws a RangeError for anything else. */
export function blockList(cidrs: readonly string[]): BlockList {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [network = '', bits, ...rest] = cidr.split('/');
    const family = isIP(network);
    const most = family === 4 ? 32 : 128;
    const length = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
    if (family === 0 || network.includes('%') || !(length <= most) || rest.length > 0)
      throw new RangeError(`${cidr} is no network: write it like 10.0.0.0/8 or fd00::/8`);
    list.addSubnet(network, length, family === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}
