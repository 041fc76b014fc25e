import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Supervisor } from '../../programs/supervisor.ts';

/** `node supervisor-runner.ts PREFIX`: starts a program, and one that starts another, and waits to be killed. */
const [prefix] = process.argv.slice(2);
if (prefix === undefined) throw new Error('usage: supervisor-runner.ts PREFIX');
const supervisor = await Supervisor.start(prefix);
const log = join(supervisor.dir, 'log');
const sleep = join(supervisor.dir, 'sleep');
await symlink('/bin/sleep', sleep);
await supervisor.run({ command: sleep, args: ['600'], log });
await supervisor.run({ command: 'sh', args: ['-c', `"${sleep}" 600 & wait`], log });
