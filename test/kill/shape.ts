import { isWatch } from '../proxy/faults.ts';
import type { Passage } from '../proxy/gate.ts';

/** The two servers that the operator talks to. */
export type ServerName = 'kubernetes' | 'cloudflare';

/**
 * What comes by the clock and not by the flow: Leases, and the tokens, which are read every 30 s; so do looks whether
 * the API server answers, which ask for one object.
 */
const BY_THE_CLOCK = /^(leases(\/|$)|secrets\/token-|(cluster)?originissuers\/)/;
const COLLECTION = /^\/apis?\/(?:[^/]+\/)?v\d\w*\/(?:namespaces\/[^/]+\/)?/;
const BOOKMARK = '"type":"BOOKMARK"';

/**
 * What a message is, in words that are the same in every run of a flow: its server, method and path, with the names
 * that a run makes up replaced. Undefined for what is no part of a flow.
 *
 * @param name what the names of this run's objects begin with; absent between two runs.
 */
export function shapeOf(server: ServerName, passage: Passage, name?: string): string | undefined {
  const { when, method, path, body } = passage;
  const { pathname, searchParams } = new URL(path, 'https://server');
  const what = pathname.replace(COLLECTION, '').replace(/^\/client\/v4/, '');
  if (BY_THE_CLOCK.test(what)) return undefined;
  if (when === 'event') return body.includes(BOOKMARK) ? undefined : `a watch event of ${what}`;
  if (isWatch(path) || searchParams.get('limit') === '1') return undefined;
  const dryRun = searchParams.has('dryRun') ? ' (dry run)' : '';
  return `${when} ${method} ${server === 'cloudflare' ? 'cloudflare' : ''}${generic(what, name)}${dryRun}`;
}

function generic(path: string, name: string | undefined): string {
  return (name === undefined ? path : path.replaceAll(name, 'NAME'))
    .replace(/^events\/.*/, 'events/EVENT')
    .replace(/originca-pending-[0-9a-f-]{36}/, 'originca-pending-UID')
    .replace(/\/[0-9a-f]{32}(?=\/|$)/g, '/ZONE')
    .replace(/\/certificates\/\d+/, '/certificates/ID')
    .replace(/\/[0-9a-f-]{36}(?=\/|$)/g, '/ID');
}
