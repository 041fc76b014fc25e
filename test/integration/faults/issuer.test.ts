import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FAULTS, type Fault } from './table.ts';
import { tooEarly, Trials } from './trials.ts';

interface Row {
  readonly name: string;
  readonly operation: 'verifyToken' | 'listZones';
  readonly fault: Fault;
  /** Status and reason of the issuer's Ready while it is struck; undefined where the check passes all the same. */
  readonly ready: readonly [status: string, reason: string] | undefined;
  /** From the failed check to the next. */
  readonly retryMs: number;
}

function row(operation: Row['operation'], fault: Fault): Row {
  const name = `${operation === 'verifyToken' ? 'verify' : 'zones'}-${fault.name}`;
  const rest = { name, operation, fault };
  switch (fault.reason) {
    case undefined:
      return { ...rest, ready: undefined, retryMs: 0 };
    case 'CredentialsInvalid':
    case 'PermissionMissing':
      // Account-owned tokens are refused by verify: then the zones are the proof.
      return operation === 'verifyToken'
        ? { ...rest, ready: undefined, retryMs: 0 }
        : { ...rest, ready: ['False', fault.reason], retryMs: 300_000 };
    default: {
      const isLimited = fault.reason === 'RateLimited';
      const retryMs = isLimited ? (fault.retriesMs[0] ?? 0) : 4000;
      return { ...rest, ready: ['Unknown', isLimited ? 'RateLimited' : 'CloudflareUnavailable'], retryMs };
    }
  }
}

const ROWS = [
  ...FAULTS.map((fault) => row('verifyToken', fault)),
  ...FAULTS.map((fault) => row('listZones', fault)),
];

let trials: Trials;

beforeAll(async () => {
  trials = await Trials.start('faults-issuer');
  await trials.beginWithCheck(
    ROWS.map(({ name, operation, fault }) => ({ name, faults: [{ operation, ...fault.spec }] })),
  );
  await trials.haveBeenReady(
    new Map(ROWS.map(({ name, ready = ['True', 'Checked'] }) => [name, ready.join(' ')])),
  );
  await trials.jump(301_000);
  await trials.end();
}, 180_000);

afterAll(async () => {
  console.log(
    `${FAULTS.length} faults each of verifying a token and of listing zones; ${await trials.figures()}`,
  );
  await trials[Symbol.asyncDispose]();
});

describe("the check of an issuer's token meets", () => {
  test.each(ROWS)(
    '$name: Ready $ready, and is made again in time',
    async ({ name, operation, ready, retryMs }) => {
      expect(trials.readyOf(name)).toEqual([...(ready ? [ready.join(' ')] : []), 'True Checked']);
      const times = await trials.timesOf(name, operation);
      expect(times).toHaveLength(ready === undefined ? 1 : 2);
      expect(tooEarly(times, ready === undefined ? [] : [retryMs])).toEqual([]);
      // Nothing is posted by an issuer that is not Ready, and one certificate is issued once it is.
      const posts = await trials.timesOf(name, 'createCertificate');
      expect(posts).toHaveLength(1);
      expect(posts[0]).toBeGreaterThan(times.at(-1) ?? Infinity);
      expect(await trials.held(name)).toEqual({ live: 1, revoked: 0 });
      expect([...trials.of(name).bad]).toEqual([]);
      expect(trials.of(name).written.size).toBe(1);
    },
  );
});
