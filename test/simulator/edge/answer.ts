import { X509Certificate } from 'node:crypto';
import type { OriginSeed, VisitResult } from '../protocol.ts';
import { hstsHeader, type SslMode } from '../rules/zone-setting.ts';
import type { World } from '../world/world.ts';
import type { Zone } from '../world/zones.ts';
import { destinationOf, type Destination } from './destination.ts';
import { OriginError, ask, openTcp, shakeHands, type OriginAnswer } from './origin.ts';
import { presentedTo, type Presented } from './presented.ts';
import { distrust, serialOf } from './trust.ts';

/** One request of a visitor. */
export interface Visitor {
  readonly hostname: string;
  readonly path: string;
  readonly scheme: 'https' | 'http';
}

type Somewhere = Exclude<Destination, { kind: 'nowhere' }>;

/** How the origin is contacted, what it is shown, and what its certificate must stand up to. */
interface Approach {
  readonly scheme: 'https' | 'http';
  /** Undefined: any certificate will do. */
  readonly roots: readonly X509Certificate[] | undefined;
  readonly presented?: Presented | undefined;
}

/** What comes of one request, redirects not followed. */
export async function answerTo(visitor: Visitor, world: World): Promise<VisitResult> {
  const destination = destinationOf(visitor.hostname, world);
  if (destination.kind === 'nowhere') return { status: destination.status, detail: destination.why };
  const redirected = redirectOf(visitor, destination);
  const answer = redirected ?? (await originsAnswer(visitor, destination, world));
  const hsts =
    destination.kind === 'edge' && visitor.scheme === 'https' ? hstsOf(destination.zone) : undefined;
  return { ...answer, ...(hsts !== undefined && { strictTransportSecurity: hsts }) };
}

/** What the edge answers by itself: it sends visitors to the scheme that the zone's settings demand. */
function redirectOf({ hostname, path, scheme }: Visitor, { kind, zone }: Somewhere): VisitResult | undefined {
  if (kind === 'direct') return undefined;
  if (scheme === 'http' && zone.settings.value('always_use_https') === 'on') {
    const location = `https://${hostname}${path}`;
    return { status: 301, location, detail: 'always_use_https: the edge redirects to HTTPS' };
  }
  if (scheme === 'https' && zone.settings.value('ssl') === 'off') {
    const location = `http://${hostname}${path}`;
    return { status: 301, location, detail: 'mode off: the edge redirects to HTTP' };
  }
  return undefined;
}

async function originsAnswer(visitor: Visitor, destination: Somewhere, world: World): Promise<VisitResult> {
  const approach = approachOf(destination, visitor, world);
  const seen: { certificateSerial?: string } = {};
  const shown = approach.presented === undefined ? {} : { clientCertificate: approach.presented.id };
  try {
    const answer = await fetchFrom(destination.origin, approach, visitor, world, seen);
    const detail = `${destination.why}: the origin answered ${answer.status}`;
    return { ...answer, ...seen, ...shown, detail };
  } catch (error) {
    if (!(error instanceof OriginError)) throw error;
    const status = destination.kind === 'edge' ? error.status : 0;
    return { status, ...seen, ...shown, detail: `${destination.why}: ${error.message}` };
  }
}

function approachOf(destination: Somewhere, { hostname, scheme }: Visitor, world: World): Approach {
  const publicRoots = rootsIn(world.settings.edge.publicRoots);
  // Past the edge the visitor's browser verifies, and knows no Origin CA.
  if (destination.kind === 'direct') return { scheme, roots: publicRoots };
  const ownRoots = rootsIn(world.originCa.rsa.certificate + world.originCa.ecc.certificate);
  const approaches: Readonly<Record<SslMode, Approach>> = {
    off: { scheme: 'http', roots: undefined },
    flexible: { scheme: 'http', roots: undefined },
    full: { scheme, roots: undefined },
    strict: { scheme, roots: [...ownRoots, ...publicRoots] },
    origin_pull: { scheme: 'https', roots: [...ownRoots, ...publicRoots] },
  };
  const approach = approaches[destination.zone.settings.value('ssl')];
  if (approach.scheme === 'http') return approach;
  return { ...approach, presented: presentedTo(hostname, destination.zone, world) };
}

async function fetchFrom(
  origin: OriginSeed,
  approach: Approach,
  visitor: Visitor,
  world: World,
  seen: { certificateSerial?: string },
): Promise<OriginAnswer> {
  const { connectTimeoutMs, readTimeoutMs, checksRevocation } = world.settings.edge;
  const address = origin[approach.scheme];
  if (origin.drop === true)
    throw new OriginError(522, 'the origin is behind a firewall that drops the connection');
  if (address === undefined)
    throw new OriginError(521, `the origin ${origin.content} listens for no ${approach.scheme}`);
  const tcp = await openTcp(address, connectTimeoutMs);
  const request = { ...visitor, timeoutMs: readTimeoutMs };
  if (approach.scheme === 'http') return await ask(tcp, request);
  const { socket, certificate } = await shakeHands(tcp, {
    hostname: visitor.hostname,
    presented: approach.presented,
    timeoutMs: connectTimeoutMs,
  });
  seen.certificateSerial = serialOf(certificate);
  if (approach.roots !== undefined) {
    const problem = distrust(certificate, {
      hostname: visitor.hostname,
      now: world.clock.now(),
      roots: approach.roots,
      isRevoked: (id) => checksRevocation && world.certificates.get(id)?.revokedAt !== undefined,
    });
    if (problem !== undefined) {
      socket.destroy();
      throw new OriginError(526, `the origin's certificate is refused: ${problem}`);
    }
  }
  return await ask(socket, request);
}

function hstsOf(zone: Zone): string | undefined {
  return hstsHeader(zone.settings.value('security_header'));
}

function rootsIn(pem: string): readonly X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}
