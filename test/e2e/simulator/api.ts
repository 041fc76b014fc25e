import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import * as x509 from '@peculiar/x509';
import { Agent, request } from 'undici';
import type { Simulator } from '../../simulator/client.ts';

/** An answer of the API, its body parsed if it is JSON. */
export interface ApiAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly body: Envelope;
}

/** What these tests read of the envelope. */
interface Envelope {
  readonly success?: boolean;
  readonly errors?: readonly {
    readonly code: number;
    readonly message: string;
    readonly error_chain?: readonly object[];
  }[];
  readonly messages?: readonly { readonly code: number }[];
  /** An object or a list of them: each test knows which. */
  readonly result: Result & readonly Result[];
  readonly result_info?: Readonly<Record<string, number>>;
}

/** The fields that these tests read, of whatever object. */
interface Result {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly certificate: string;
  readonly hostnames: readonly string[];
  readonly csr?: string;
  readonly requested_validity?: number;
  readonly expires_on: string;
  readonly revoked_at?: string;
  readonly account: { readonly id: string; readonly name: string };
  readonly created_on: string;
  readonly value: string;
  readonly etag: string;
  readonly ipv4_cidrs: readonly string[];
  readonly jdcloud_cidrs?: readonly string[];
}

export interface CallOptions {
  readonly body?: unknown;
  /** Over the token's `Authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Speaks to a simulator's API with one token, as plainly as can be. */
export class Api {
  readonly #url: string;
  readonly #authorization: Readonly<Record<string, string>>;
  readonly #agent: Agent;

  constructor(simulator: Simulator, token?: { readonly value: string }) {
    this.#url = simulator.apiUrl;
    this.#authorization = token === undefined ? {} : { authorization: `Bearer ${token.value}` };
    this.#agent = new Agent({ connect: { ca: readFileSync(simulator.caFile) } });
  }

  get(path: string, options: CallOptions = {}): Promise<ApiAnswer> {
    return this.call('GET', path, options);
  }

  /** POST /certificates; fields given replace those of a request that is right. */
  create(fields: object, options: CallOptions = {}): Promise<ApiAnswer> {
    return this.call('POST', '/certificates', { ...options, body: fields });
  }

  async call(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    options: CallOptions = {},
  ): Promise<ApiAnswer> {
    const { body, headers = this.#authorization, signal } = options;
    const response = await request(`${this.#url}${path}`, {
      method,
      dispatcher: this.#agent,
      headers,
      body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
      ...(signal && { signal }),
    });
    const text = await response.body.text();
    return { status: response.statusCode, headers: response.headers, text, body: parsed(text) };
  }
}

const NOT_JSON = { result: [] } as unknown as Envelope;

function parsed(text: string): Envelope {
  try {
    return JSON.parse(text) as Envelope;
  } catch {
    return NOT_JSON; // Tests of spoiled bodies look at the text.
  }
}

/** `1010`, the code of the first error, or undefined. */
export function codeOf(answer: ApiAnswer): number | undefined {
  return answer.body.errors?.[0]?.code;
}

const RSA = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  publicExponent: new Uint8Array([1, 0, 1]),
  modulusLength: 2048,
};
const ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

export interface KeyAndCsr {
  readonly privateKey: string;
  readonly csr: string;
}

/** A fresh key and a request whose subject and names are nobody's. */
export async function newCsr(kind: 'rsa' | 'ecc' = 'ecc'): Promise<KeyAndCsr> {
  const algorithm = kind === 'rsa' ? RSA : ECDSA;
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const csr = await x509.Pkcs10CertificateRequestGenerator.create({
    name: 'CN=not copied',
    keys,
    signingAlgorithm: algorithm,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'not.copied.example' }])],
  });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return {
    csr: csr.toString('pem'),
    privateKey: `-----BEGIN PRIVATE KEY-----\n${pkcs8.match(/.{1,64}/g)?.join('\n') ?? ''}\n-----END PRIVATE KEY-----\n`,
  };
}
