/** One message on its way past the proxy. */
export interface Passage {
  /** Of the request: its answer, and all pieces of a watch, have the same. */
  readonly request: number;
  /** A request that is about to reach the server, its whole answer about to reach the caller, or a piece of a watch. */
  readonly when: 'before' | 'after' | 'event';
  readonly method: string;
  /** With query. */
  readonly path: string;
  /** Of the request, of the answer, or the piece itself. */
  readonly body: Buffer;
}

/** Asked before a message goes on. `drop`: it does not, and the connection of the caller, who is dead, is closed. */
export type Gate = (passage: Passage) => Promise<'pass' | 'drop'>;
