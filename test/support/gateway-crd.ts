import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import { type Manifest, parseManifests } from './manifests.ts';
import { outputOf } from './output-of.ts';

const VERSION = 'v1.6.3';
const FILE = 'config/crd/standard/gateway.networking.k8s.io_gateways.yaml';
const SHA256 = '905c89d8fefaab9088bf9d0a8d47ebd7ec4e653a914d4bfaa575a7716f07a828';
const MODULE = `sigs.k8s.io/gateway-api@${VERSION}`;
const URL = `https://raw.githubusercontent.com/kubernetes-sigs/gateway-api/${VERSION}/${FILE}`;

/**
 * The CustomResourceDefinition of the Gateway API's Gateway: out of its Go module or, where there is no Go, from its
 * repository. The same bytes either way.
 */
export async function gatewayCrd(): Promise<Manifest> {
  const failures: unknown[] = [];
  for (const read of [fromModule, fromRepository]) {
    try {
      return parsed(await read());
    } catch (error) {
      failures.push(error);
    }
  }
  throw new AggregateError(
    failures,
    `the Gateway API's kinds could not be had: install Go and let it reach a module proxy, or let this machine reach ${URL}`,
  );
}

async function fromModule(): Promise<string> {
  const { Dir } = JSON.parse(await outputOf('go', ['mod', 'download', '-json', MODULE])) as { Dir: string };
  return readFile(join(Dir, FILE), 'utf8');
}

async function fromRepository(): Promise<string> {
  const { statusCode, body } = await request(URL, { signal: AbortSignal.timeout(15_000) });
  const text = await body.text();
  if (statusCode !== 200) throw new Error(`${URL} answered ${statusCode}`);
  return text;
}

function parsed(text: string): Manifest {
  const sum = createHash('sha256').update(text).digest('hex');
  const [crd] = parseManifests(text);
  if (sum !== SHA256 || crd === undefined)
    throw new Error(`${FILE} of ${VERSION} is not what it was: SHA-256 ${sum}`);
  return crd;
}
