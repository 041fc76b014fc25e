import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import type * as protocol from './protocol.ts';

/** The parts of the operator that are driven, as one module. */
export type Protocol = typeof protocol;

/** One change of the source, made on its way into memory: nothing is ever written. */
export interface Edit {
  /** Relative to `src/certificate`. */
  readonly file: string;
  /** Text that stands there exactly once. */
  readonly find: string;
  readonly replace: string;
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CERTIFICATE = join(ROOT, 'src/certificate');
const PAPER = join(ROOT, 'test/explore/paper.ts');
const PRIVATE_NAME = /#(?=[a-zA-Z]\w*)/g;

/** The protocol as it stands in `src`, with the edits made in memory. Each call gives modules of its own. */
export async function loadProtocol(edits: readonly Edit[] = []): Promise<Protocol> {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['test/explore/protocol.ts'],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    logLevel: 'error',
    plugins: [onPaper(), edited(edits)],
  });
  const text = outputFiles[0]?.text ?? '';
  // A module of the same text would be the same module: every load is told apart.
  const url = `data:text/javascript;base64,${Buffer.from(`${text}\n// ${loads++}`).toString('base64')}`;
  return (await import(url)) as Protocol;
}

let loads = 0;

/** Whoever imports keys, requests or certificates gets paper ones. */
function onPaper(): Plugin {
  return {
    name: 'paper',
    setup(builder) {
      builder.onResolve({ filter: /pki\/(keys|csr|inspect|chain|temporary)\.ts$/ }, () => ({ path: PAPER }));
    },
  };
}

/** Where a process's memory is. */
const MEMORY = new Set(['memory.ts', 'sightings.ts', 'pending-memory.ts', 'attempts.ts']);

/** Makes the edits, and lets a process's memory be read and restored: its private fields become plain ones. */
function edited(edits: readonly Edit[]): Plugin {
  return {
    name: 'edited',
    setup(builder) {
      builder.onLoad({ filter: /src\/certificate\/\w[\w-]*\.ts$/ }, async ({ path }) => {
        const source = applied(await readFile(path, 'utf8'), path, edits);
        const isMemory = MEMORY.has(basename(path));
        return { loader: 'ts', contents: isMemory ? source.replaceAll(PRIVATE_NAME, 'kept_') : source };
      });
    },
  };
}

/** The source with its edits. Throws where the text to change is not there, or more than once. */
export function applied(source: string, path: string, edits: readonly Edit[]): string {
  return edits
    .filter(({ file }) => join(CERTIFICATE, file) === path)
    .reduce((text, { file, find, replace }) => {
      if (text.split(find).length !== 2) throw new Error(`src/certificate/${file} has not once: ${find}`);
      return text.replace(find, () => replace);
    }, source);
}
