import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunningOperator } from '../../support/scene-operator.ts';
import { Scene } from '../../support/scene.ts';
import { certificatesAt, idIn } from './pairs.ts';

let scene: Scene;
let operator: RunningOperator;

beforeAll(async () => {
  scene = await Scene.start('recovery');
  // Later than the POST's time limit ends the wait for it, sooner than the settling after that.
  await scene.simulator.settings({ lateListingMs: 500 });
  await scene.createIssuer();
  operator = await scene.startOperator();
});

afterAll(() => scene[Symbol.asyncDispose]());

// Every other way to lose an answer is in ../faults.
describe('a POST that is carried out after its time limit', () => {
  test('is found late in the listing, and not sent again', async () => {
    await scene.simulator.inject({ operation: 'createCertificate', delayMs: 3300 });
    await scene.applyCertificate('late');
    await scene.condition('late', 'Ready', 'Issued', 'True');
    await certificatesAt(scene, 'example.com', { live: 1, revoked: 0 });
    const [certificate] = await scene.simulator.certificates();
    expect(idIn(await scene.secret('late-tls'))).toBe(certificate?.id);
    expect(operator.logs.join()).toContain('found at Cloudflare after an unknown outcome');
    expect(await scene.posts()).toBe(1);
    await scene.settled('late');
  });
});
