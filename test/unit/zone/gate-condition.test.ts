import { describe, expect, test } from 'vitest';
import { originsVerified, type OriginsQuestion } from '../../../src/zone/gate-condition.ts';
import type { GateView } from '../../../src/zone/world.ts';
import { broken, line, untrusted } from './world-fixtures.ts';

function ask(view: Partial<GateView>, more: Partial<Omit<OriginsQuestion, 'view'>> = {}) {
  const whole = { lines: [line()], complete: true, missing: [], ...view };
  return originsVerified({ view: whole, gate: 'Verified', ssl: 'strict', ...more });
}

describe('OriginsVerified', () => {
  test.each<[string, string, Partial<GateView>, OriginsQuestion['gate']]>([
    ['is true when every origin passes', 'True AllVerified', {}, 'Verified'],
    ['is true when there is none', 'True NothingToVerify', { lines: [] }, 'Verified'],
    ['is true when nobody is to look', 'True Skipped', { lines: [broken()] }, 'Skip'],
    ['is false when one fails', 'False OriginsFailing', { lines: [line(), untrusted()] }, 'Verified'],
    [
      'is false when one fails, although not all are known',
      'False OriginsFailing',
      { lines: [untrusted()], complete: false, missing: ['a.example.com'] },
      'Verified',
    ],
    ['is unknown while names are missing', 'Unknown Probing', { missing: ['a.example.com'] }, 'Verified'],
    [
      'is unknown while the records are',
      'Unknown RecordsUnknown',
      { lines: [], complete: false },
      'Verified',
    ],
  ])('%s', (_, expected, view, gate) => {
    const { status, reason } = ask(view, { gate });
    expect(`${status} ${reason}`).toBe(expected);
  });

  test('names five with what visitors see, and how many more there are', () => {
    const lines = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((label) =>
      untrusted({ hostname: `${label}.example.com` }),
    );
    const { message } = ask({ lines });
    expect(message).toContain(
      '7 of 7 origins do not pass for Full (strict): a.example.com at 192.0.2.7:443 Untrusted (526)',
    );
    expect(message).toContain('e.example.com');
    expect(message).not.toContain('f.example.com');
    expect(message).toContain('and 2 more');
    expect(message).toContain('a.example.com: It serves a certificate signed by itself.');
  });

  test('gives an alarm under strict and leaves the mode', () => {
    expect(ask({ lines: [untrusted()] }).message).toContain(
      'Visitors get these errors now, under ssl strict. Mend them at the origins: the mode is left as it is.',
    );
  });

  test('tells apart what fails now and what would under strict', () => {
    const lines = [broken({ hostname: 'b.example.com' }), untrusted()];
    expect(ask({ lines }, { ssl: 'full' }).message).toContain(
      'Visitors get the errors named now, under ssl full. Strict is not switched on before they pass.',
    );
    expect(ask({ lines: [untrusted()] }, { ssl: 'full' }).message).toContain(
      'Strict is not switched on before they pass.',
    );
    expect(ask({ lines }, { ssl: 'flexible' }).message).not.toContain('Visitors');
  });

  test('does not say of an origin that cannot be reached from here that visitors fail', () => {
    const unverifiable = line({ result: 'Unverifiable', tls: false });
    expect(ask({ lines: [unverifiable] }).message).toContain('cannot be told from here');
    expect(ask({ lines: [unverifiable] }).message).not.toContain('Visitors get');
  });

  test('says of names that were not looked at yet that nothing is to be done', () => {
    expect(ask({ missing: ['a.example.com'] }).message).toMatch(
      /^1 name not looked at yet: a\.example\.com\. .*nothing needs to be done/,
    );
  });

  test('says why the records are not known', () => {
    expect(ask({ complete: false, incompleteWhy: 'The token may not list them.' }).message).toBe(
      'The token may not list them.',
    );
  });

  test('names certificates whose names are not proxied, whatever else there is to say', () => {
    const bare = line({ hostname: 'mail.example.com', result: 'NotProxied', tls: false, address: undefined });
    const { status, message } = ask({ lines: [line(), bare] });
    expect(status).toBe('True');
    expect(message).toContain('The one origin serves');
    expect(message).toContain('mail.example.com');
  });

  test('says that browsers meet a refused certificate only of names that have a record', () => {
    const bare = { result: 'NotProxied', tls: false, address: undefined } as const;
    const grey = line({ ...bare, hostname: 'mail.example.com' });
    const none = line({ ...bare, hostname: 'a.example.com', withoutRecord: true });
    expect(ask({ lines: [line(), grey, none] }).message).toMatch(
      /Not proxied, so that browsers .* refuse: mail\.example\.com \(1 name of OriginCertificates\)\. Without a DNS record: a\.example\.com \(1 name of OriginCertificates\)\.$/,
    );
    expect(ask({ lines: [line(), none] }).message).not.toContain('browsers');
  });
});
