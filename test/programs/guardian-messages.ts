/** How a program ended. */
export interface Exit {
  readonly code?: number;
  readonly signal?: NodeJS.Signals;
  /** Why it could not be started. */
  readonly error?: string;
}

/** What a runner asks of its guardian. */
export type Request =
  | {
      readonly kind: 'start';
      /** Chosen by the runner; names the program in every later message. */
      readonly id: number;
      readonly command: string;
      readonly args: readonly string[];
      readonly cwd: string;
      readonly env: NodeJS.ProcessEnv;
      /** File that receives stdout and stderr, appended. */
      readonly log: string;
    }
  | { readonly kind: 'signal'; readonly id: number; readonly signal: NodeJS.Signals };

/** What the guardian tells its runner. */
export type Report =
  | { readonly kind: 'ready'; readonly dir: string }
  | { readonly kind: 'started'; readonly id: number; readonly pid: number }
  | { readonly kind: 'exited'; readonly id: number; readonly exit: Exit };
