import { describe, expect, test } from 'vitest';
import type { Secret } from '../../src/kube/object.ts';
import { RecentFacts, type SecretFacts, secretFacts } from '../../src/secret-facts.ts';

const roots = { certificates: [], pem: '' };

function secret(uid: string, resourceVersion: string): Secret {
  return { metadata: { name: 'a', namespace: 'b', uid, resourceVersion } };
}

/** How often the facts were judged, and the last of them. */
function judging(recent: RecentFacts): (of: Secret) => { facts: SecretFacts; judged: number } {
  let judged = 0;
  return (of) => {
    const facts = recent.of(of, () => {
      judged += 1;
      return secretFacts(of, roots);
    });
    return { facts, judged };
  };
}

describe('facts of a Secret', () => {
  test('are judged once for each state of it', () => {
    const look = judging(new RecentFacts());
    const first = look(secret('u', '1'));
    expect(look(secret('u', '1'))).toEqual({ facts: first.facts, judged: 1 });
    expect(look(secret('u', '2')).judged).toBe(2);
    expect(look(secret('v', '1')).judged).toBe(3);
  });

  test('are judged each time where nothing names the state', () => {
    const look = judging(new RecentFacts());
    look(secret('', '1'));
    expect(look(secret('', '1')).judged).toBe(2);
  });

  test('are forgotten when a thousand others came since', () => {
    const look = judging(new RecentFacts());
    look(secret('u', '1'));
    for (let i = 0; i < 1000; i++) look(secret('other', String(i)));
    expect(look(secret('u', '1')).judged).toBe(1002);
  });
});
