import { errorFromStatus, KubeError, type Operation } from './errors.ts';
import type { KubeObject } from './object.ts';

/** One line of a watch. A bookmark tells only how far the watch has come. */
export type WatchEvent<T extends KubeObject> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string };

/**
 * The events of a watch's body. Ends when the server closes the watch between two lines. Throws a KubeError for
 * an ERROR event (`Gone` when the resourceVersion is too old) and for a line that is cut off or garbled.
 */
export async function* watchEvents<T extends KubeObject>(
  body: AsyncIterable<Uint8Array>,
  operation: Operation,
): AsyncGenerator<WatchEvent<T>> {
  for await (const line of lines(body)) {
    if (line === '') continue;
    yield readEvent<T>(line, operation);
  }
}

function readEvent<T extends KubeObject>(line: string, operation: Operation): WatchEvent<T> {
  const event = parseLine<T>(line);
  switch (event?.type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return { type: event.type, object: event.object };
    case 'BOOKMARK':
      return { type: 'BOOKMARK', resourceVersion: event.object.metadata.resourceVersion ?? '' };
    case 'ERROR': {
      const { code } = event.object;
      throw errorFromStatus(operation, { statusCode: code ?? 500, status: event.object });
    }
    default:
      throw new KubeError(
        'Network',
        `${operation.verb} ${operation.resource}: a line of the watch is cut off or garbled`,
      );
  }
}

type WireEvent<T> =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: T }
  | { type: 'BOOKMARK'; object: KubeObject }
  | { type: 'ERROR'; object: { code?: number } };

function parseLine<T>(line: string): WireEvent<T> | undefined {
  try {
    return JSON.parse(line) as WireEvent<T>;
  } catch {
    return undefined; // The parser's own error would quote the object.
  }
}

/** Splits at newlines. readline does not pass on an error of its input, which here is what matters. */
async function* lines(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = parts.pop() ?? '';
    yield* parts;
  }
  if (rest !== '') yield rest;
}
