import type { Dispatcher } from 'undici';

/** Whether a request only looks, or has an effect at the other end. */
export type Access = 'read' | 'write';

/**
 * Called synchronously at dispatch, and again as the request is written to its connection; what it throws keeps the
 * request from being sent.
 */
export type Fence = (access: Access) => void;

/** Why a fence lets nothing pass now. No fault of the request, which may be made again later. */
export class FenceError extends Error {
  override readonly name: string = 'FenceError';
}

/** Whether a fence stands behind an error: then nothing was sent, and nothing went wrong. */
export function isFenced(error: unknown): boolean {
  if (error instanceof FenceError) return true;
  return error instanceof Error && error.cause !== undefined && isFenced(error.cause);
}

/**
 * The dispatcher with a fence at its far end. undici may hold a request back until there is a connection; a process
 * that is paused meanwhile would else send it however late it goes on.
 */
export function fencedDispatcher(dispatcher: Dispatcher, pass: () => void): Dispatcher {
  return dispatcher.compose(
    (dispatch) => (options, handler) => dispatch(options, new FencedHandler(handler, pass)),
  );
}

type Handler = Dispatcher.DispatchHandler;
type Parameters1<Name extends keyof Handler> = Parameters<NonNullable<Handler[Name]>>;

/** Passes everything on; the request itself only past the fence. */
class FencedHandler implements Handler {
  readonly #handler: Handler;
  readonly #pass: () => void;

  constructor(handler: Handler, pass: () => void) {
    this.#handler = handler;
    this.#pass = pass;
  }

  /** undici calls it in the same turn in which it writes the request, and writes nothing if it throws. */
  onRequestStart(...args: Parameters1<'onRequestStart'>): void {
    this.#pass();
    this.#handler.onRequestStart?.(...args);
  }

  onRequestUpgrade(...args: Parameters1<'onRequestUpgrade'>): void {
    this.#handler.onRequestUpgrade?.(...args);
  }

  onResponseStart(...args: Parameters1<'onResponseStart'>): void {
    this.#handler.onResponseStart?.(...args);
  }

  onResponseData(...args: Parameters1<'onResponseData'>): void {
    this.#handler.onResponseData?.(...args);
  }

  onResponseEnd(...args: Parameters1<'onResponseEnd'>): void {
    this.#handler.onResponseEnd?.(...args);
  }

  onResponseError(...args: Parameters1<'onResponseError'>): void {
    this.#handler.onResponseError?.(...args);
  }
}
