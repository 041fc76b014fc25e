import { outputOf } from './output.ts';

export interface ListedProcess {
  readonly pid: number;
  /** Its command line. */
  readonly args: string;
}

/** Living processes whose command line mentions this text, such as a folder that nobody else uses. */
export async function processesOf(text: string): Promise<ListedProcess[]> {
  const stdout = await outputOf('ps', ['-ww', '-eo', 'pid=,stat=,args=']);
  return stdout.split('\n').flatMap((line) => {
    const [, pid, state, args] = /^\s*(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    const living = args?.includes(text) === true && state?.startsWith('Z') === false;
    return living ? [{ pid: Number(pid), args }] : [];
  });
}
