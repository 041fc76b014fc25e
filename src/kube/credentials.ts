import type { RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';

/** What it takes to be let in: TLS material for the connection, headers for each request. */
export interface Credentials {
  readonly tls: {
    readonly ca?: TlsBytes;
    readonly cert?: TlsBytes;
    readonly key?: TlsBytes;
    readonly servername?: string;
    readonly rejectUnauthorized?: boolean;
  };
  readonly headers: Readonly<Record<string, string>>;
}

type TlsBytes = string | Buffer | readonly (string | Buffer)[];

/**
 * Reads the credentials anew from where the kubeconfig points: the files of a pod's service account rotate,
 * and an exec plugin's token runs out.
 */
export async function readCredentials(kubeConfig: KubeConfig): Promise<Credentials> {
  const options: RequestOptions = {};
  await kubeConfig.applyToHTTPSOptions(options);
  return { tls: tlsOf(options), headers: headersOf(options) };
}

/** The same bytes of TLS material, so that the connections in use stay good. */
export function sameTls(a: Credentials, b: Credentials): boolean {
  return fingerprint(a.tls) === fingerprint(b.tls);
}

function fingerprint(tls: Credentials['tls']): string {
  return JSON.stringify(tls, (_key, value: unknown) =>
    Buffer.isBuffer(value) ? value.toString('base64') : value,
  );
}

function tlsOf(options: RequestOptions): Credentials['tls'] {
  return {
    ...bytes('ca', options.ca),
    ...bytes('cert', options.cert),
    ...bytes('key', options.key),
    ...(options.servername === undefined ? {} : { servername: options.servername }),
    ...(options.rejectUnauthorized === undefined ? {} : { rejectUnauthorized: options.rejectUnauthorized }),
  };
}

function bytes(name: 'ca' | 'cert' | 'key', value: unknown): Partial<Record<typeof name, TlsBytes>> {
  if (typeof value === 'string' || Buffer.isBuffer(value)) return { [name]: value };
  return Array.isArray(value)
    ? { [name]: value.filter((v) => typeof v === 'string' || Buffer.isBuffer(v)) }
    : {};
}

function headersOf(options: RequestOptions): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    // A token read from a file ends in a newline, which no header may hold.
    if (typeof value === 'string') headers[name.toLowerCase()] = value.trim();
  }
  if (typeof options.auth === 'string') {
    headers['authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  }
  return headers;
}
