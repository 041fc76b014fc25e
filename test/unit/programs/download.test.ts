import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Download } from '../../programs/catalog.ts';
import { checksumOf, download } from '../../programs/download.ts';
import { outputOf } from '../../programs/output.ts';
import { Supervisor } from '../../programs/supervisor.ts';
import { scriptOfVersion, tempDir } from './fakes.ts';

const SUM = 'a'.repeat(64);
const OTHER = 'b'.repeat(64);

describe('checksumOf', () => {
  test.each([
    ['a checksum alone', `${SUM}\n`],
    ['upper case', SUM.toUpperCase()],
    ['a list', `${OTHER}  etcd.zip\n${SUM}  etcd.tar.gz\n`],
    ['a list of binary files', `${OTHER} *etcd.zip\n${SUM} *etcd.tar.gz\n`],
  ])('reads %s', (_what, text) => {
    expect(checksumOf('etcd.tar.gz', text)).toBe(SUM);
  });

  test.each([
    ['nothing', ''],
    ['a page of HTML', '<html>Not found</html>'],
    ['a list without the file', `${OTHER}  etcd.zip\n${SUM}  other.tar.gz\n`],
    ['too short a checksum', `${SUM.slice(1)}\n`],
  ])('refuses %s', (_what, text) => {
    expect(() => checksumOf('etcd.tar.gz', text)).toThrow('no SHA-256 checksum of etcd.tar.gz is published');
  });
});

describe('download', () => {
  test('follows a redirect and leaves the checked program', async () => {
    const body = scriptOfVersion('1.36.3');
    const url = await serve({
      '/kube-apiserver': { location: '/elsewhere' },
      '/elsewhere': body,
      '/sum': sha256(body),
    });
    const { result, target } = await attempt({ url: `${url}/kube-apiserver`, checksumUrl: `${url}/sum` });
    await result;
    expect(await readFile(target, 'utf8')).toBe(body);
  });

  test('takes the program out of an archive', async () => {
    const dir = await tempDir();
    await mkdir(join(dir, 'etcd-v3'));
    await writeFile(join(dir, 'etcd-v3', 'etcd'), scriptOfVersion('3.6.16'));
    await outputOf('tar', ['-czf', join(dir, 'etcd.tar.gz'), '-C', dir, 'etcd-v3']);
    const archive = await readFile(join(dir, 'etcd.tar.gz'));
    const url = await serve({ '/etcd.tar.gz': archive, '/SUMS': `${sha256(archive)}  etcd.tar.gz\n` });
    const source = { url: `${url}/etcd.tar.gz`, checksumUrl: `${url}/SUMS` };

    const whole = await attempt({ ...source, archiveMember: 'etcd-v3/etcd' });
    await whole.result;
    expect(await readFile(whole.target, 'utf8')).toBe(scriptOfVersion('3.6.16'));

    const absent = await attempt({ ...source, archiveMember: 'etcd-v3/none' });
    await expect(absent.result).rejects.toThrow(/^tar could not take etcd-v3\/none out of it: .*none/s);
  });

  test.each<[string, Record<string, Answer>, RegExp]>([
    [
      'what does not match its checksum',
      { '/p': 'tampered', '/sum': SUM },
      new RegExp(`^its SHA-256 checksum is ${sha256('tampered')}, but http://.*/sum says ${SUM}$`),
    ],
    ['a program that is not there', { '/sum': SUM }, /^http:\/\/.*\/p answered 404$/],
    ['a checksum that is not there', { '/p': 'x' }, /^http:\/\/.*\/sum answered 404$/],
  ])('refuses %s and leaves nothing', async (_what, answers, message) => {
    const url = await serve(answers);
    const { result, target, dir } = await attempt({ url: `${url}/p`, checksumUrl: `${url}/sum` });
    await expect(result).rejects.toThrow(message);
    expect(await readdir(dir)).not.toContain(target);
  });

  test('gives up at once where nobody listens', async () => {
    const { result } = await attempt({ url: 'http://127.0.0.1:9/p', checksumUrl: 'http://127.0.0.1:9/sum' });
    await expect(result).rejects.toThrow('ECONNREFUSED');
  });
});

/** A body, or where to go instead. */
type Answer = string | Buffer | { readonly location: string };

async function serve(answers: Readonly<Record<string, Answer>>): Promise<string> {
  const server = createServer((request, response) => {
    const answer = answers[request.url ?? ''];
    if (answer === undefined) response.writeHead(404).end();
    else if (typeof answer === 'string' || Buffer.isBuffer(answer)) response.end(answer);
    else response.writeHead(302, answer).end();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function attempt(source: Download): Promise<{ result: Promise<void>; target: string; dir: string }> {
  const supervisor = await Supervisor.start(join(await tempDir(), 'making-'));
  onTestFinished(() => supervisor.close());
  const target = join(supervisor.dir, 'target');
  return { result: download(supervisor, source, target), target, dir: supervisor.dir };
}

function sha256(body: string | Buffer): string {
  return createHash('sha256').update(body).digest('hex');
}
