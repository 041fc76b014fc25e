import type { Passage } from '../proxy/gate.ts';
import type { ServerName } from './shape.ts';

/** Events are written for people: neither the operator nor the judge of a run reads one. */
const READ_BY_NOBODY = /^\/apis\/events\.k8s\.io\//;
const VERSION = /"resourceVersion":"(\d+)"/g;

/**
 * Numbers the states of the two servers. All that the operator knows beside them dies with it, so to be killed at any
 * message in one state is the same: a new state begins when a write may have reached a server, when it surely has,
 * when a watch tells of a change that no answer told of, and with all that people do. Only time is not seen.
 */
export class States {
  readonly #underWay = new Set<string>();
  /** Versions of objects that the operator has been told of as its own doing, or once before. */
  readonly #told = new Set<string>();
  #people = 0;
  #state = 0;

  /** The state in which a message passes: what an answer tells has happened. */
  at(server: ServerName, passage: Passage): number {
    const { when, body } = passage;
    if (this.#people > 0) this.#state += 1;
    if (when === 'after' && this.#underWay.delete(idOf(server, passage))) {
      this.#state += 1;
      for (const version of versionsIn(body)) this.#told.add(version);
    }
    if (when === 'event') {
      const versions = versionsIn(body);
      if (versions.some((version) => !this.#told.has(version))) this.#state += 1;
      for (const version of versions) this.#told.add(version);
    }
    return this.#state;
  }

  /** To be told of each message that goes on. */
  passed(server: ServerName, passage: Passage): void {
    if (passage.when !== 'before' || !isWrite(passage)) return;
    this.#underWay.add(idOf(server, passage));
    this.#state += 1;
  }

  /** While people are at work no two messages pass in one state. */
  async duringWork<T>(work: () => Promise<T>): Promise<T> {
    this.#people += 1;
    try {
      return await work();
    } finally {
      this.#people -= 1;
      this.#state += 1;
    }
  }
}

function idOf(server: ServerName, { request }: Passage): string {
  return `${server} ${request}`;
}

function isWrite({ method, path }: Passage): boolean {
  return method !== 'GET' && !/[?&]dryRun=/.test(path) && !READ_BY_NOBODY.test(path);
}

function versionsIn(body: Buffer): readonly string[] {
  return [...body.toString('utf8').matchAll(VERSION)].map(([, version = '']) => version);
}
