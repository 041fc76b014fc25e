import { request } from 'undici';
import type { OperatorProcess } from '../support/operator-process.ts';
import type { LoopStall } from './loop-stall.ts';
import { processCost } from './process-cost.ts';

export interface ScrapeFigures {
  readonly longestMs: number;
  readonly megabytes: number;
  /** Of the operator, for one scrape. */
  readonly cpuMs: number;
  /** How long the event loop stood still at most. */
  readonly stallMs: number;
  /** The longest that a liveness probe waited which came during a scrape. */
  readonly healthzMs: number;
}

const SCRAPES = 20;

/** Scrapes one after the other, as Prometheus does, with a liveness probe always on its way. */
export async function measureScrape(operator: OperatorProcess, stall: LoopStall): Promise<ScrapeFigures> {
  const scrapes: { readonly ms: number; readonly bytes: number }[] = [];
  let healthzMs = 0;
  let scraping = true;
  const probes = async (): Promise<void> => {
    while (scraping) healthzMs = Math.max(healthzMs, (await get(operator, '/healthz')).ms);
  };
  // The first two make the operator's code warm, and open the connection.
  for (let warm = 0; warm < 2; warm += 1) await get(operator, '/metrics');
  const before = await processCost(operator.pid);
  for (let scrape = 0; scrape < SCRAPES; scrape += 1) scrapes.push(await get(operator, '/metrics'));
  const after = await processCost(operator.pid);
  const stallMs = await stall.during(operator, async () => {
    const probing = probes();
    for (let scrape = 0; scrape < SCRAPES; scrape += 1) scrapes.push(await get(operator, '/metrics'));
    scraping = false;
    await probing;
  });
  return {
    longestMs: Math.max(...scrapes.map(({ ms }) => ms)),
    megabytes: Math.max(...scrapes.map(({ bytes }) => bytes)) / 1e6,
    cpuMs: (after.cpuMs - before.cpuMs) / SCRAPES,
    stallMs,
    healthzMs,
  };
}

async function get(operator: OperatorProcess, path: string): Promise<{ ms: number; bytes: number }> {
  const startMs = performance.now();
  const { body, statusCode } = await request(`${operator.url}${path}`, {
    signal: AbortSignal.timeout(30_000),
  });
  const { byteLength } = await body.arrayBuffer();
  if (statusCode !== 200) throw new Error(`${path} answered ${statusCode}`);
  return { ms: performance.now() - startMs, bytes: byteLength };
}
