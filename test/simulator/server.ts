import { createAdaptorServer, type HttpBindings, type ServerType } from '@hono/node-server';
import type { Hono } from 'hono';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Server as HttpServer } from 'node:http';
import { Server as HttpsServer, createServer as createHttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { apiApp } from './api/app.ts';
import { noteUnderlying } from './api/wire.ts';
import { createOriginCa } from './ca/authority.ts';
import { createOriginPullPair } from './ca/origin-pull.ts';
import type { Pair } from './ca/pair.ts';
import { SimulatedClock } from './clock.ts';
import { controlApp } from './control/app.ts';
import type { Addresses } from './protocol.ts';
import { DEFAULT_SETTINGS } from './settings.ts';
import { createServerIdentity } from './tls.ts';
import { World } from './world/world.ts';

/** A simulator that listens. */
export interface RunningSimulator {
  readonly addresses: Addresses;
  /** Cuts all connections, frees the ports and removes the directory. */
  close(): Promise<void>;
}

export interface Ports {
  /** 0: any free port. */
  readonly api: number;
  readonly control: number;
}

/** Idle connections outlive the longest pause of a client, or it would meet a reset of our making. */
const KEEP_ALIVE_MS = 120_000;

/** Makes the authorities and listens on loopback. Rejects when a port is taken. */
export async function startSimulator(ports: Ports): Promise<RunningSimulator> {
  const [originCa, originPull, identity] = await Promise.all([
    createOriginCa(),
    createOriginPullPair(),
    createServerIdentity(),
  ]);
  const world = new World(new SimulatedClock(), originCa, originPull, DEFAULT_SETTINGS);
  const api = httpsServer(apiApp(world), identity);
  const control = createAdaptorServer({ fetch: controlApp(world).fetch });
  const dir = await mkdtemp(join(tmpdir(), 'cloudflare-simulator-'));
  const close = async (): Promise<void> => {
    await Promise.all([closed(api), closed(control)]);
    await rm(dir, { recursive: true, force: true });
  };
  try {
    const [apiPort, controlPort] = await Promise.all([
      listen(api, ports.api),
      listen(control, ports.control),
    ]);
    const addresses = {
      apiUrl: `https://127.0.0.1:${apiPort}/client/v4`,
      controlUrl: `http://127.0.0.1:${controlPort}`,
      caFile: join(dir, 'tls-ca.pem'),
      originCaRootsFile: join(dir, 'origin-ca-roots.pem'),
      originPullCaFile: join(dir, 'origin-pull-ca.pem'),
      dir,
    };
    await writeFile(addresses.caFile, identity.ca);
    await writeFile(addresses.originCaRootsFile, originCa.rsa.certificate + originCa.ecc.certificate);
    await writeFile(addresses.originPullCaFile, originPull.ca);
    return { addresses, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function httpsServer(app: Hono<{ Bindings: HttpBindings }>, { key, certificate }: Pair): ServerType {
  const server = createAdaptorServer({
    fetch: app.fetch,
    createServer: createHttpsServer,
    serverOptions: { key, cert: certificate },
  });
  if (!(server instanceof HttpsServer)) throw new Error('the adaptor made no HTTPS server');
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  const waiting = new Map<number, Socket>();
  server.on('connection', (tcp: Socket) => {
    const { remotePort } = tcp;
    if (remotePort === undefined) return; // It is closed already.
    waiting.set(remotePort, tcp);
    tcp.once('close', () => {
      if (waiting.get(remotePort) === tcp) waiting.delete(remotePort);
    });
  });
  server.on('secureConnection', (secure: TLSSocket) => {
    const tcp = secure.remotePort === undefined ? undefined : waiting.get(secure.remotePort);
    if (tcp !== undefined) noteUnderlying(secure, tcp);
  });
  return server;
}

function listen(server: ServerType, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('listening without a port'));
      else resolve(address.port);
    });
  });
}

function closed(server: ServerType): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    if (server instanceof HttpServer || server instanceof HttpsServer) server.closeAllConnections();
  });
}
