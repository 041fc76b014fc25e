/** Where to listen. `host` is undefined for every address of the machine, IPv6 included. */
export interface ListenAddress {
  readonly host: string | undefined;
  readonly port: number;
}

const ADDRESS = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]\s/]*)):([0-9]{1,5})$/;

/** Reads `:8080`, `127.0.0.1:0`, `localhost:9090` or `[::1]:8080`; undefined for anything else. */
export function parseAddress(text: string): ListenAddress | undefined {
  const [, bracketed, plain, port] = ADDRESS.exec(text) ?? [];
  if (port === undefined || Number(port) > 65_535) return undefined;
  const host = bracketed ?? plain;
  return { host: host === '' ? undefined : host, port: Number(port) };
}
