import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { applied, loadProtocol } from '../../explore/load.ts';
import { MUTATIONS } from '../../explore/mutations.ts';
import { Runner } from '../../explore/runner.ts';
import { explore } from '../../explore/search.ts';
import { begin, SMALL, titleOf } from '../../explore/worlds.ts';

/** Many states on a busy machine. */
const PATIENCE_MS = 120_000;
/** What a rule may cost here; `npm run explore -- --mutations` takes away the others too. */
const AFFORDABLE = 300;

describe('the protocol, driven through every state of a small world,', () => {
  test.each(SMALL.map((world) => [titleOf(world), world] as const))(
    'keeps every promise: %s',
    async (_, world) => {
      const runner = new Runner(await loadProtocol());
      const { state, people } = await begin(world, runner);
      const found = await explore(runner, people, state, { first: 'deepest', states: 200_000 });
      expect(found.violation).toBeUndefined();
      expect(found.complete).toBe(true);
      expect(found.rests).toBeGreaterThan(0);
    },
    PATIENCE_MS,
  );

  test(
    'breaks a promise without any one of the rules that a small world misses',
    async () => {
      const kept: string[] = [];
      for (const { rule, edits, world, states } of MUTATIONS.filter(
        ({ states: taken, spare }) => taken <= AFFORDABLE && spare === undefined,
      )) {
        const runner = new Runner(await loadProtocol(edits));
        const { state, people } = await begin(world, runner);
        const found = await explore(runner, people, state, { first: 'nearest', states: 2 * states });
        if (found.violation === undefined) kept.push(rule);
      }
      expect(kept).toEqual([]);
    },
    PATIENCE_MS,
  );

  test.each(MUTATIONS.map(({ rule, edits }) => [rule, edits] as const))(
    'has the rule that can be taken away: %s',
    async (_, edits) => {
      for (const { file } of edits) {
        const path = fileURLToPath(new URL(`../../../src/certificate/${file}`, import.meta.url));
        const source = await readFile(path, 'utf8');
        expect(applied(source, path, edits)).not.toBe(source);
      }
    },
  );
});
