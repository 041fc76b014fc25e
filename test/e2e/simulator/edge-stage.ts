import type { RequestListener } from 'node:http';
import type { TlsOptions } from 'node:tls';
import { Simulator } from '../../simulator/client.ts';
import type { SignRequest } from '../../simulator/protocol.ts';
import { newCsr, type KeyAndCsr } from './api.ts';
import { startOrigin, type Origin } from './origin.ts';

/** The hostname that the edge is asked for, and what its record says. */
export const HOST = 'www.example.com';
export const ADDRESS = '192.0.2.1';

/** An origin's answer that tells what it was asked. */
export const ok: RequestListener = (request, response) => {
  response.end(`${request.headers.host ?? ''}${request.url ?? ''}`);
};

/** A simulator with one strict zone and one proxied hostname, and the origins that it visits. */
export class EdgeStage {
  readonly simulator: Simulator;
  readonly #key: KeyAndCsr;
  readonly #origins: Origin[] = [];
  #zoneId = '';

  private constructor(simulator: Simulator, key: KeyAndCsr) {
    this.simulator = simulator;
    this.#key = key;
  }

  static async start(): Promise<EdgeStage> {
    const [simulator, key] = await Promise.all([Simulator.start(), newCsr()]);
    return new EdgeStage(simulator, key);
  }

  get zoneId(): string {
    return this.#zoneId;
  }

  /** As before the first test. */
  async prepare(): Promise<void> {
    await this.simulator.reset();
    await this.simulator.settings({ edge: { connectTimeoutMs: 2000, readTimeoutMs: 500 } });
    const { id } = await this.simulator.seedZone({ name: 'example.com', ssl: 'strict' });
    await this.simulator.seedRecord(id, { name: HOST, content: ADDRESS });
    this.#zoneId = id;
  }

  async closeOrigins(): Promise<void> {
    await Promise.all(this.#origins.splice(0).map((origin) => origin.close()));
  }

  async stop(): Promise<void> {
    await this.simulator.stop();
  }

  /** Closes the origin with the others; answers its address. */
  async kept(starting: Promise<Origin>): Promise<string> {
    const origin = await starting;
    this.#origins.push(origin);
    return origin.address;
  }

  /** An origin that presents a certificate of the simulator's own CA, as asked for; answers its serial. */
  async serve(
    request: Partial<SignRequest> = {},
    answer: RequestListener = ok,
    tls: TlsOptions = {},
  ): Promise<string> {
    const { id, certificate } = await this.simulator.sign({
      csr: this.#key.csr,
      hostnames: ['*.example.com'],
      ...request,
    });
    const pair = { cert: certificate, key: this.#key.privateKey };
    const https = await this.kept(startOrigin(answer, { ...pair, ...tls }));
    await this.simulator.mapOrigin({ content: ADDRESS, https });
    return id;
  }

  /** An origin over plain HTTP, and nothing over HTTPS. */
  async serveHttp(answer: RequestListener = ok): Promise<void> {
    await this.simulator.mapOrigin({ content: ADDRESS, http: await this.kept(startOrigin(answer)) });
  }
}
