import { expect, test } from 'vitest';
import { reportOf } from '../../../../src/zone/pulls/report.ts';
import { DAY, NEXT_CA, NOW, world } from './worlds.ts';

test('a given CA that ends soon is told with its Secret, its end, and what to put where', () => {
  const ca = { ...NEXT_CA, notAfter: NOW + 59 * DAY };
  const place = 'Secret pull-ca in namespace originca-system';
  const presenting = { state: 'Presenting', message: 'It is presented.' } as const;
  const problemsOf = (notAfter: number) =>
    reportOf(world({ wantedCa: { state: 'given', ca: { ...ca, notAfter }, place } }), presenting, 1000)
      .problems;
  expect(problemsOf(ca.notAfter)).toMatchObject([
    {
      reason: 'CaExpiring',
      message: expect.stringMatching(
        /caSecretRef, in Secret pull-ca in namespace originca-system, ends 20.*: put another there under tls\.crt and tls\.key/,
      ),
    },
  ]);
  expect(problemsOf(NOW + 61 * DAY)).toEqual([]);
});
