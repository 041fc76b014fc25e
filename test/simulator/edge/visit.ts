import { checked, type Shape } from '../control/shape.ts';
import type { VisitRequest, VisitResult } from '../protocol.ts';
import { recordName } from '../rules/hostname.ts';
import type { World } from '../world/world.ts';
import { answerTo, type Visitor } from './answer.ts';

const VISIT: Shape<VisitRequest> = {
  hostname: 'string',
  path: 'string?',
  scheme: { oneOf: ['https', 'http'], optional: true },
  follow: 'boolean?',
};

/** Browsers give up after 20; a site that needs more than ten is none either. */
const MOST_HOPS = 10;

/** What a visitor of a hostname gets, by zone settings, DNS record and what the origin presents. */
export async function visit(world: World, body: unknown): Promise<VisitResult> {
  const request = checked<VisitRequest>(body, VISIT);
  let visitor: Visitor = {
    hostname: recordName(request.hostname),
    path: request.path ?? '/',
    scheme: request.scheme ?? 'https',
  };
  const seen = new Set<string>();
  for (let hops = 0; ; hops += 1) {
    seen.add(addressOf(visitor));
    const answer = await answerTo(visitor, world);
    const next = nextOf(answer, visitor, world);
    const loops = next !== undefined && (seen.has(addressOf(next)) || hops === MOST_HOPS);
    const followed = request.follow === true ? { hops } : {};
    if (loops) return { ...answer, ...followed, loop: true, detail: `${answer.detail}; a redirect loop` };
    if (next === undefined || request.follow !== true) return { ...answer, ...followed };
    visitor = next;
  }
}

/** Where an answer sends the visitor, if it is a page of our zones. */
function nextOf({ status, location }: VisitResult, from: Visitor, world: World): Visitor | undefined {
  if (status < 300 || status > 399 || location === undefined) return undefined;
  const url = URL.parse(location, addressOf(from));
  if (url === null || world.zones.active(url.hostname) === undefined) return undefined;
  const path = `${url.pathname}${url.search}`;
  switch (url.protocol) {
    case 'https:':
      return { hostname: url.hostname, path, scheme: 'https' };
    case 'http:':
      return { hostname: url.hostname, path, scheme: 'http' };
    default:
      return undefined;
  }
}

function addressOf({ scheme, hostname, path }: Visitor): string {
  return `${scheme}://${hostname}${path}`;
}
