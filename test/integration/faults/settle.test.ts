import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FAULTS, type Fault } from './table.ts';
import { tooEarly, Trials } from './trials.ts';

const HOUR_MS = 3_600_000;
const WRONG_ANSWER = { operation: 'createCertificate', certificate: 'otherHostnames' } as const;

interface Row {
  readonly name: string;
  readonly operation: 'getCertificate' | 'revokeCertificate';
  readonly fault: Fault['spec'];
  readonly strikes: number;
  /** What `Issuing` says for as long as it fails. */
  readonly said: string | undefined;
  /** From each try to the next. */
  readonly retriesMs: readonly number[];
}

/** A certificate that bears our key and is wrong is read and revoked; the fault strikes one of the two. */
function row(operation: Row['operation'], { name, spec, reason, retriesMs, effect }: Fault): Row {
  const wasRevoked = operation === 'revokeCertificate' && effect === 'done';
  // A token that is refused for five minutes is given up, with what it was to revoke.
  const isRefused = reason === 'CredentialsInvalid' || reason === 'PermissionMissing';
  const strikes = wasRevoked || isRefused ? Math.min(1, retriesMs.length) : retriesMs.length;
  return {
    name: `${operation === 'getCertificate' ? 'read' : 'revoke'}-${name}`,
    operation,
    fault: spec,
    strikes,
    said: isRefused ? 'PermissionMissing' : reason,
    retriesMs: wasRevoked ? [] : retriesMs.slice(0, strikes),
  };
}

const ROWS = [
  ...FAULTS.map((fault) => row('getCertificate', fault)),
  ...FAULTS.map((fault) => row('revokeCertificate', fault)),
];

/** Its token is let create and never revoke. */
const NEVER_ALLOWED = 'never-allowed';

let trials: Trials;

/** Waits until the rows for which it is worth waiting have asked so often. */
async function asked(times: number, rows: readonly Row[]): Promise<void> {
  for (const { name, operation, retriesMs } of rows)
    await trials.haveAsked(name, operation, Math.min(times, retriesMs.length + 1));
}

beforeAll(async () => {
  trials = await Trials.start('faults-settle');
  await trials.begin([
    { name: NEVER_ALLOWED, faults: [WRONG_ANSWER, { operation: 'revokeCertificate', count: 0, code: 9109 }] },
    ...ROWS.map(({ name, operation, fault, strikes }) => ({
      name,
      faults: [WRONG_ANSWER, { operation, count: Math.max(1, strikes), ...fault }],
    })),
  ]);
  await trials.haveSaid(new Map(ROWS.map(({ name, said = 'BadResponse' }) => [name, said])));
  await trials.jump(601_000);
  await asked(2, ROWS);
  await trials.jump(1_201_000);
  await asked(3, ROWS);
  await trials.haveSaid(new Map(ROWS.map(({ name }) => [name, 'BadResponse'])));
  await trials.jump(HOUR_MS);
  await trials.end();
}, 400_000);

afterAll(async () => {
  console.log(
    `${FAULTS.length} faults each of reading and of revoking a wrong answer; ${await trials.figures()}`,
  );
  await trials[Symbol.asyncDispose]();
});

describe('giving up a wrong answer meets', () => {
  test.each(ROWS)('$name: says $said, and revokes it; the next try keeps its time', async (each) => {
    const { name, operation, said, retriesMs } = each;
    const seen = trials.of(name);
    expect(seen.said).toEqual(said === undefined ? ['BadResponse'] : [said, 'BadResponse']);
    expect(seen.shown).toEqual([['BadResponse', HOUR_MS]]);
    const times = await trials.timesOf(name, operation);
    expect(times).toHaveLength(retriesMs.length + 1);
    expect(tooEarly(times, retriesMs)).toEqual([]);
    expect(await trials.held(name)).toEqual({ live: 1, revoked: 1 });
    expect([...seen.bad]).toEqual([]);
    expect(seen.written.size).toBe(1);
    const posts = await trials.timesOf(name, 'createCertificate');
    expect(posts).toHaveLength(2);
    expect(tooEarly(posts, [HOUR_MS])).toEqual([]);
  });

  test('a token that is never let revoke: it is asked twice in five minutes, then the certificate is left', async () => {
    const times = await trials.timesOf(NEVER_ALLOWED, 'revokeCertificate');
    expect(times).toHaveLength(2);
    expect(tooEarly(times, [300_000])).toEqual([]);
    expect(await trials.held(NEVER_ALLOWED)).toEqual({ live: 2, revoked: 0 });
    expect(await trials.timesOf(NEVER_ALLOWED, 'createCertificate')).toHaveLength(2);
  });
});
