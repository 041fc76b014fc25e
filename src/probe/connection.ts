import type { Socket } from 'node:net';

/** The first error of each connection: what follows it is only its echo. */
const failures = new WeakMap<Socket, string>();

/** Begins to hear a connection's errors, which unheard would end the process. */
export function listenTo(socket: Socket): void {
  socket.on('error', (error) => {
    if (!failures.has(socket)) failures.set(socket, codeOf(error));
  });
}

/** What a connection did next. */
export type Happening<Name extends string> =
  | { readonly what: Name }
  | { readonly what: 'error'; readonly code: string }
  | { readonly what: 'close' }
  | { readonly what: 'silence' };

/**
 * The first of the events, the connection's end, or `silence` after so many milliseconds of real time, which must
 * run out whatever a test does with its clock. Rejects only with the signal's reason. Wants `listenTo` first.
 */
export function next<Name extends string>(
  socket: Socket,
  events: readonly Name[],
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Happening<Name>> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(asError(signal.reason));
    const listeners: (readonly [string, (error?: unknown) => void])[] = [];
    const settle = (end: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      for (const [event, listener] of listeners) socket.removeListener(event, listener);
      end();
    };
    const finish = (happening: Happening<Name>): void => settle(() => resolve(happening));
    const abort = (): void => settle(() => reject(asError(signal.reason)));
    const timer = setTimeout(() => finish({ what: 'silence' }), timeoutMs);
    // What happened before anybody looked is not told again.
    const failure = failures.get(socket);
    if (failure !== undefined) return finish({ what: 'error', code: failure });
    if (socket.destroyed || socket.readableEnded) return finish({ what: 'close' });
    signal.addEventListener('abort', abort, { once: true });
    for (const what of events) listeners.push([what, () => finish({ what })]);
    listeners.push(['error', (error) => finish({ what: 'error', code: codeOf(error) })]);
    for (const event of ['close', 'end']) listeners.push([event, () => finish({ what: 'close' })]);
    for (const [event, listener] of listeners) socket.on(event, listener);
  });
}

/** The code of a system or OpenSSL error; an error's text may quote what an origin sent. */
function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN';
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason });
}
