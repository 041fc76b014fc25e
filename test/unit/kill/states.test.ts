import { expect, test } from 'vitest';
import { States } from '../../kill/states.ts';
import type { Passage } from '../../proxy/gate.ts';

const SECRET = '/api/v1/namespaces/shop/secrets/shop-tls';

let requests = 0;

/** A message with its body; an answer or a piece of a watch is of the request given. */
function passage(
  when: Passage['when'],
  method: string,
  { path = SECRET, version, request }: { path?: string; version?: number; request?: number } = {},
): Passage {
  const body = Buffer.from(JSON.stringify({ metadata: version ? { resourceVersion: String(version) } : {} }));
  return { request: request ?? (requests += 1), when, method, path, body };
}

/** The state in which each message passes. */
function statesOf(messages: readonly Passage[], states = new States()): readonly number[] {
  return messages.map((message) => {
    const state = states.at('kubernetes', message);
    states.passed('kubernetes', message);
    return state;
  });
}

test.each([
  { what: 'a read', method: 'GET', path: SECRET },
  { what: 'a dry run', method: 'PATCH', path: `${SECRET}?force=true&dryRun=All` },
  { what: 'an event', method: 'POST', path: '/apis/events.k8s.io/v1/namespaces/shop/events' },
])('$what leaves the state as it is', ({ method, path }) => {
  const before = passage('before', method, { path });
  expect(statesOf([before, passage('after', method, { path, request: before.request, version: 7 })])).toEqual(
    [0, 0],
  );
});

test('a write is under way from its passing on, and done when it is answered', () => {
  const write = passage('before', 'PATCH');
  const read = passage('before', 'GET');
  const done = passage('after', 'PATCH', { request: write.request, version: 7 });
  const later = passage('before', 'DELETE');
  expect(statesOf([write, read, done, read, later])).toEqual([0, 1, 2, 2, 2]);
});

test('a watch that tells of what was answered tells nothing, of anything else that it has changed', () => {
  const write = passage('before', 'PATCH');
  const event = (version: number): Passage => passage('event', 'GET', { version });
  const done = passage('after', 'PATCH', { request: write.request, version: 7 });
  expect(statesOf([write, done, event(7), event(8), event(8)])).toEqual([0, 2, 2, 3, 3]);
});

test('while people are at work nothing is the same, and after it nothing is as before', async () => {
  const states = new States();
  const read = passage('before', 'GET');
  const before = statesOf([read], states);
  const during = await states.duringWork(() => Promise.resolve(statesOf([read, read], states)));
  expect([...before, ...during, ...statesOf([read, read], states)]).toEqual([0, 1, 2, 3, 3]);
});
