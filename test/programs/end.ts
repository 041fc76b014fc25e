const PARENT_LOOK_MS = 500;

/** Resolves when this program is asked to end: by a signal, or by the end of the npm that started it. */
export function askedToEnd(): Promise<'asked'> {
  return new Promise((resolve) => {
    // `on`, not `once`: npm passes on a Ctrl-C that the terminal has sent here already.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve('asked'));
    if (process.env['npm_lifecycle_event'] !== undefined) onParentGone(() => resolve('asked'));
  });
}

/** npm that is ended by SIGTERM ends its shell and leaves what the shell runs, that is us, behind. */
function onParentGone(then: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    then();
  }, PARENT_LOOK_MS);
  timer.unref();
}
