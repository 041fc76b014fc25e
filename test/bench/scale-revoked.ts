import { setTimeout as sleep } from 'node:timers/promises';
import { secrets } from '../../src/kube/resource.ts';
import type { OperatorProcess } from '../support/operator-process.ts';
import { auditMark, requestsSince } from './audit.ts';
import { parallel } from './parallel.ts';
import { processCost } from './process-cost.ts';
import { PREFIX, type Size } from './scale-seed.ts';
import {
  certificateOf,
  cloudflareRequests,
  namespaceOf,
  OPERATOR_USER,
  type World,
  WRITERS,
} from './world.ts';

/** What the operator did in one minute while Cloudflare refused its token. */
export interface RevokedMinute {
  readonly cloudflareRequests: number;
  /** Stored writes of the API server, events aside. */
  readonly writes: number;
  readonly eventWrites: number;
  /** Reads of single objects. */
  readonly reads: number;
  readonly cpuMs: number;
}

/** Takes every certificate's Secret away and revokes the one token: all is due, and nothing can be had. */
export async function revokeAll({ kube, simulator }: World, size: Size, tokenId: string): Promise<void> {
  await simulator.remove('token', tokenId);
  const signal = AbortSignal.timeout(30 * 60_000);
  await parallel(size.certificates, WRITERS, async (index) => {
    const namespace = namespaceOf(PREFIX, index, size.namespaces);
    const name = certificateOf(namespace, index).spec.secretName;
    await kube.delete(secrets, { namespace, name }, { signal });
  });
}

/** Starts an operator and watches it for so many minutes (of `minuteMs`); the first has the start in it. */
export async function measureRevoked(
  world: World,
  start: () => Promise<OperatorProcess>,
  { minutes, minuteMs }: { readonly minutes: number; readonly minuteMs: number },
  onMinute: (minute: RevokedMinute) => void,
): Promise<readonly RevokedMinute[]> {
  const seen: RevokedMinute[] = [];
  let mark = await auditMark(world.plane.auditLogPath);
  let requestsBefore = await cloudflareRequests(world);
  let cpuBefore = 0;
  const operator = await start();
  const startMs = performance.now();
  try {
    while (seen.length < minutes) {
      await sleep(Math.max(0, startMs + (seen.length + 1) * minuteMs - performance.now()));
      const nextMark = await auditMark(world.plane.auditLogPath);
      const since = await requestsSince(world.plane.auditLogPath, mark, OPERATOR_USER, nextMark);
      const requestsNow = await cloudflareRequests(world);
      const { cpuMs } = await processCost(operator.pid);
      const minute = {
        cloudflareRequests: requestsNow - requestsBefore,
        writes: since.writeCount,
        eventWrites: since.eventWrites,
        reads: [...since.others].reduce(
          (sum, [name, count]) => sum + (name.startsWith('get ') ? count : 0),
          0,
        ),
        cpuMs: cpuMs - cpuBefore,
      };
      seen.push(minute);
      onMinute(minute);
      [mark, requestsBefore, cpuBefore] = [nextMark, requestsNow, cpuMs];
    }
    return seen;
  } finally {
    await operator.stop();
  }
}
