import { isIP } from 'node:net';

/** Where a target says to knock. */
export interface Destination {
  /** An IP address or a DNS name. */
  readonly host: string;
  readonly port: number;
}

const HTTPS = 443;

/** Reads `host:port` and `[v6]:port`; without a port it is 443. Undefined for anything else. */
export function parseAddress(text: string): Destination | undefined {
  if (isIP(text) === 6) return { host: text, port: HTTPS };
  const [, v6, name, digits] = /^(?:\[([^\]]*)\]|([^\s:/[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const port = digits === undefined ? HTTPS : Number(digits);
  if (port < 1 || port > 65_535) return undefined;
  if (v6 !== undefined) return isIP(v6) === 6 ? { host: v6, port } : undefined;
  return name === undefined ? undefined : { host: name, port };
}

/** The address as messages and verdicts have it: IPv6 in brackets. */
export function formatAddress(ip: string, port: number): string {
  return isIP(ip) === 6 ? `[${ip}]:${port}` : `${ip}:${port}`;
}
