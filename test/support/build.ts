import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { sayUsage } from '../programs/usage.ts';

/**
 * `npm run build`: the whole operator as one file that needs nothing but Node. Not minified, and without a source
 * map: stacks stay readable, and a map would cost 74 MB of memory in every pod.
 */

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Some dependencies are CommonJS and call `require` for Node's own modules, which an ES module does not have. */
const BANNER =
  "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);";

/**
 * Bundles `entry` into `outfile`, both relative to the repository.
 *
 * @returns the size of the bundle in bytes.
 */
export async function bundle(entry: string, outfile: string): Promise<number> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    banner: { js: BANNER },
    metafile: true,
    logLevel: 'warning',
  });
  return metafile.outputs[outfile]?.bytes ?? 0;
}

if (import.meta.main) {
  const usage = 'npm run build: writes dist/main.js, the whole operator in one file; takes no flags';
  const usageCode = sayUsage(process.argv.slice(2), usage);
  if (usageCode !== undefined) process.exit(usageCode);
  await rm(new URL('../../dist/', import.meta.url), { recursive: true, force: true });
  try {
    const bytes = await bundle('src/main.ts', 'dist/main.js');
    console.log(`dist/main.js ${(bytes / 1e6).toFixed(1)} MB`);
  } catch {
    process.exitCode = 1; // esbuild has said what is wrong.
  }
}
