import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { type CertificateReason, isStalled, type IssueReason, stallsInMs } from '../../src/api/conditions.ts';
import type { OriginsReason } from '../../src/zone/gate-condition.ts';
import type { PullProblem, PullStall, PullWarning } from '../../src/zone/pulls/world.ts';
import type { HoldReason } from '../../src/zone/world.ts';
import { readCrds } from '../support/crds.ts';
import { readReadme, withFlags } from '../support/readme.ts';

const readme = await readReadme();

/** The text under a heading, up to the next one of the same or a higher level. */
function section(heading: string): string {
  const [, level = ''] = /^(#+) /.exec(heading) ?? [];
  const after = readme.split(`\n${heading}\n`)[1];
  if (after === undefined) throw new Error(`README.md has no heading '${heading}'`);
  return after.split(new RegExp(`^#{1,${level.length}} `, 'm'))[0] ?? '';
}

/** What is set as code in the first column of the section's tables. */
function named(text: string): string[] {
  const firstCells = [...text.matchAll(/^\|([^|]*)\|/gm)].map(([, cell = '']) => cell);
  return firstCells.flatMap(codesIn);
}

function codesIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
}

/** The first column's code and the text of the column `title`, of the rows of the section's table. */
function columnOf(text: string, title: string): Map<string, string> {
  const [head = [], , ...rows] = [...text.matchAll(/^\|(.*)\|$/gm)].map(([, row = '']) =>
    row.split(' | ').map((cell) => cell.trim()),
  );
  const index = head.indexOf(title);
  return new Map(rows.flatMap((cells) => codesIn(cells[0] ?? '').map((name) => [name, cells[index] ?? ''])));
}

/** Typed so that a new reason does not compile until it stands here, and then in the README. */
const PAIR_REASONS: Readonly<Record<IssueReason, true>> = {
  DoesNotExist: true,
  MissingData: true,
  InvalidKeyPair: true,
  InvalidCertificate: true,
  UntrustedIssuer: true,
  HostnamesChanged: true,
  Expired: true,
  Revoked: true,
  TemporaryCertificate: true,
  KeyChanged: true,
  ValidityChanged: true,
  IssuerChanged: true,
  Renewing: true,
  RenewRequested: true,
  RekeyRequested: true,
};
const OTHER_REASONS: Readonly<Record<Exclude<CertificateReason, IssueReason | 'Issued'>, true>> = {
  SecretNotManaged: true,
  SecretConflict: true,
  AdoptRefused: true,
  SecretImmutable: true,
  SecretWriteRefused: true,
  HostnameNotAllowed: true,
  HostnameRejected: true,
  IssuerNotFound: true,
  IssuerNotReady: true,
  IssuanceLoop: true,
  ClockSkew: true,
  Suspended: true,
  Held: true,
  HoldUntilInvalid: true,
  CloudflareUnavailable: true,
  RateLimited: true,
  CredentialsMissing: true,
  CredentialsInvalid: true,
  PermissionMissing: true,
  RequestRejected: true,
  BadResponse: true,
  RenewBeforeTooLong: true,
};

const HOLD_REASONS: Readonly<Record<HoldReason, true>> = {
  NotEnforced: true,
  GateWaiting: true,
  GateClosed: true,
  AutomaticMode: true,
  RestorePending: true,
  DriftAlarm: true,
  Propagating: true,
  WaitingForSsl: true,
  WouldLoop: true,
  LockIn: true,
  NotEditable: true,
  Refused: true,
  ZoneNotActive: true,
};

const ORIGINS_REASONS: Readonly<Record<OriginsReason, true>> = {
  AllVerified: true,
  NothingToVerify: true,
  Skipped: true,
  OriginsFailing: true,
  Probing: true,
  RecordsUnknown: true,
  TrustedCAUnusable: true,
};

const PULL_REASONS: Readonly<Record<PullProblem | PullStall | PullWarning, true>> = {
  SettingNotEditable: true,
  ForeignClientCertificate: true,
  CaSecretMissing: true,
  CaSecretInvalid: true,
  SecretNotManaged: true,
  NewCaNotAccepted: true,
  SwitchingOff: true,
  Held: true,
  CaExpiring: true,
  PublishRefused: true,
  SecretWriteRefused: true,
};

/** When a reason brings Stalled, in the README's words. */
function stallOf(reason: string): string {
  if (isStalled(reason, 0, 0)) return 'at once';
  const afterMs = stallsInMs(reason, 0, 0);
  return afterMs === undefined ? 'no' : `after ${afterMs / 60_000} min`;
}

describe('the README', () => {
  test('begins with the two commands of a newcomer', () => {
    const lines = section('## Try it: two commands').split('\n');
    const commands = lines.filter((line) => line.startsWith('npm ')).map((line) => line.split(/\s+#/)[0]);
    expect(commands).toEqual(['npm ci && npm run demo', 'npm ci && npm test']);
  });

  test('has the flags that the code has; if not: npm run generate', async () => {
    expect(readme).toBe(await withFlags(readme));
  });

  test.each([
    ['OriginCertificate', '## OriginCertificate'],
    ['OriginIssuer', '## OriginIssuer and ClusterOriginIssuer'],
    ['ClusterOriginIssuer', '## OriginIssuer and ClusterOriginIssuer'],
    ['OriginZone', '## OriginZone'],
  ])('tells every field of the spec of %s, and no other', async (kind, heading) => {
    const crd = (await readCrds()).find((each) => each.kind === kind);
    const fields = Object.keys(crd?.schema.properties?.['spec']?.properties ?? {});
    expect(fields).not.toEqual([]);
    expect(named(section(heading)).toSorted()).toEqual(fields.toSorted());
  });

  test('tells every reason for which something is to be done or waited for, and no other', () => {
    const reasons = named(section('## When things fail'));
    expect(reasons.toSorted()).toEqual(Object.keys(OTHER_REASONS).toSorted());
  });

  test('tells when each of them means that a person is needed', () => {
    const stalls = columnOf(section('## When things fail'), 'Stalled');
    const inCode = Object.keys(OTHER_REASONS).map((reason): [string, string] => [reason, stallOf(reason)]);
    expect(Object.fromEntries(stalls)).toEqual(Object.fromEntries(inCode));
  });

  test.each([
    ['holds a setting of a zone back', '## When a zone is not as asked for', HOLD_REASONS],
    ['OriginsVerified has', '### What OriginsVerified says', ORIGINS_REASONS],
    ['origin pulls do not go on for', '## Authenticated Origin Pulls', PULL_REASONS],
  ])('tells every reason that %s, and no other', (_, heading, reasons) => {
    expect(named(section(heading)).toSorted()).toEqual(Object.keys(reasons).toSorted());
  });

  test('names every reason to issue', () => {
    const text = section('## When things fail');
    expect(Object.keys(PAIR_REASONS).filter((reason) => !text.includes(`\`${reason}\``))).toEqual([]);
  });

  test('tells every metric of ours, and no other', async () => {
    const folder = new URL('../../src/telemetry/', import.meta.url);
    const files = await Promise.all(
      (await readdir(folder)).map((name) => readFile(new URL(name, folder), 'utf8')),
    );
    const inCode = new Set(files.join('').match(/\boriginca_[a-z_]+/g));
    const inReadme = named(section('## Metrics')).filter((name) => name.startsWith('originca_'));
    expect(inCode.size).toBeGreaterThan(10);
    expect(inReadme.toSorted()).toEqual([...inCode].toSorted());
  });

  test('tells every script of package.json that a person starts', async () => {
    const { scripts } = JSON.parse(
      await readFile(new URL('../../package.json', import.meta.url), 'utf8'),
    ) as { scripts: Record<string, string> };
    const started = Object.keys(scripts).filter((name) => !/^(pre|post)test$/.test(name));
    const commands = started.map((name) => (name === 'test' ? 'npm test' : `npm run ${name}`));
    expect(
      named(section('## Develop'))
        .filter((name) => name.startsWith('npm '))
        .toSorted(),
    ).toEqual(commands.toSorted());
  });
});
