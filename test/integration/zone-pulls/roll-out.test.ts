import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { PullStage, type Theatre } from './stage.ts';
import { openTheatre } from './theatre.ts';

let theatre: Theatre & AsyncDisposable;
let stage: PullStage;

beforeAll(async () => {
  theatre = await openTheatre();
});
afterEach(() => stage[Symbol.asyncDispose]());
afterAll(() => theatre[Symbol.asyncDispose]());

const publishTo = (name: string) => [{ kind: 'Secret' as const, namespace: stage.namespace, name }];

describe.each(['status', 'alert'] as const)('an origin that turns others away by %s', (refusal) => {
  test('serves every visitor while the zone shows its own certificate for the first time, and then only those', async () => {
    stage = await PullStage.open(theatre, refusal);
    await stage.apply({ mode: 'Zone', publish: publishTo('ca') });
    const early = await stage.until('Propagating', ({ status }) => status?.state === 'Propagating');
    expect(early.status?.safeToDemand).toBe(false);
    const { status } = await stage.presenting();
    expect(status).toMatchObject({
      safeToDemand: true,
      message: expect.stringContaining('Origins may demand it') as string,
    });
    expect(await stage.origin.direct()).toBe(200);

    await stage.demandWhatIsIn('ca');
    expect(await stage.visit()).toMatchObject({ status: 200, clientCertificate: status?.certificateId });
    expect(await stage.origin.direct()).toBe(refusal === 'status' ? 400 : 'turned away');
    for (let passes = 0; passes < 5; passes += 1) await stage.tick();
    expect(stage.failures).toEqual([]);
    expect(await stage.uploads()).toBe(1);
  });
});
