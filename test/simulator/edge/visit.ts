import { X509Certificate } from 'node:crypto';
import { checked, type Shape } from '../control/shape.ts';
import type { OriginSeed, VisitRequest, VisitResult } from '../protocol.ts';
import type { SslMode } from '../rules/zone-setting.ts';
import type { World } from '../world/world.ts';
import { destinationOf, type Destination } from './destination.ts';
import { OriginError, ask, openTcp, shakeHands } from './origin.ts';
import { distrust, serialOf } from './trust.ts';

const VISIT: Shape<VisitRequest> = {
  hostname: 'string',
  path: 'string?',
  scheme: { oneOf: ['https', 'http'], optional: true },
};

/** How the origin is contacted and what its certificate must stand up to. */
interface Approach {
  readonly scheme: 'https' | 'http';
  /** Undefined: any certificate will do. */
  readonly roots: readonly X509Certificate[] | undefined;
}

/** What a visitor of a hostname gets, by zone mode, DNS record and what the origin presents. */
export async function visit(world: World, body: unknown): Promise<VisitResult> {
  const request = checked<VisitRequest>(body, VISIT);
  const hostname = request.hostname.toLowerCase();
  const scheme = request.scheme ?? 'https';
  const path = request.path ?? '/';
  const destination = destinationOf(hostname, world);
  if (destination.kind === 'nowhere') return { status: destination.status, detail: destination.why };
  const approach = approachOf(destination, scheme, world);
  const seen: { serial?: string } = {};
  try {
    const answer = await fetchFrom(destination.origin, approach, { hostname, path, scheme }, world, seen);
    const loops =
      approach.scheme === 'http' && scheme === 'https' && isSamePage(answer.location, hostname, path);
    const note = loops
      ? '; a redirect loop: the origin is asked over HTTP and redirects to the HTTPS page it was asked for'
      : '';
    return {
      ...answer,
      ...serial(seen),
      detail: `${destination.why}: the origin answered ${answer.status}${note}`,
    };
  } catch (error) {
    if (!(error instanceof OriginError)) throw error;
    const status = destination.kind === 'edge' ? error.status : 0;
    return { status, ...serial(seen), detail: `${destination.why}: ${error.message}` };
  }
}

function approachOf(
  destination: Exclude<Destination, { kind: 'nowhere' }>,
  scheme: 'https' | 'http',
  world: World,
): Approach {
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
  return approaches[destination.zone.settings.value('ssl')];
}

interface Visitor {
  readonly hostname: string;
  readonly path: string;
  readonly scheme: 'https' | 'http';
}

async function fetchFrom(
  origin: OriginSeed,
  approach: Approach,
  visitor: Visitor,
  world: World,
  seen: { serial?: string },
): Promise<{ status: number; location?: string }> {
  const { connectTimeoutMs, readTimeoutMs, checksRevocation } = world.settings.edge;
  const address = origin[approach.scheme];
  if (origin.drop === true)
    throw new OriginError(522, 'the origin is behind a firewall that drops the connection');
  if (address === undefined)
    throw new OriginError(521, `the origin ${origin.content} listens for no ${approach.scheme}`);
  const tcp = await openTcp(address, connectTimeoutMs);
  const request = { ...visitor, timeoutMs: readTimeoutMs };
  if (approach.scheme === 'http') return await ask(tcp, request);
  const { socket, certificate } = await shakeHands(tcp, visitor.hostname, connectTimeoutMs);
  seen.serial = serialOf(certificate);
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

function serial({ serial: certificateSerial }: { serial?: string }): { certificateSerial?: string } {
  return certificateSerial === undefined ? {} : { certificateSerial };
}

function isSamePage(location: string | undefined, hostname: string, path: string): boolean {
  return location === `https://${hostname}${path}` || (path === '/' && location === `https://${hostname}`);
}

function rootsIn(pem: string): readonly X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}
