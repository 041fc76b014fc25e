import type { Program } from '../../programs/catalog.ts';
import { obtain } from '../../programs/obtain.ts';
import { toStderr } from '../../programs/progress.ts';

/** A run of its own that gets one program: `node obtain-runner.ts PROGRAM-AS-JSON CACHE` prints its path. */
const [program, cache] = process.argv.slice(2);
if (program === undefined || cache === undefined) throw new Error('usage: obtain-runner.ts PROGRAM CACHE');
console.log(await obtain(JSON.parse(program) as Program, cache, toStderr, process.env));
