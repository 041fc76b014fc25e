import { randomBytes } from 'node:crypto';
import type { KubeClient } from './client.ts';
import { KubeError } from './errors.ts';
import type { KubeEvent } from './object.ts';
import { events } from './resource.ts';

/** The object that an event is about. Without a namespace it is cluster-scoped. */
export interface Regarding {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly uid: string;
}

export interface EventText {
  readonly type: 'Normal' | 'Warning';
  /** One word in CamelCase: why. */
  readonly reason: string;
  /** A sentence for people; cut at 1,024 bytes, which is the API's limit. */
  readonly note: string;
  /** One word in CamelCase: what was done or tried. */
  readonly action: string;
}

export interface EventRecorderOptions {
  readonly client: KubeClient;
  /** Qualified name of the controller, e.g. `originca.dev/operator`. */
  readonly reportingController: string;
  /** Which of its processes, e.g. the pod's name. */
  readonly reportingInstance: string;
  /** Told why an event, or the latest count of one, was not stored. */
  readonly onDrop?: (error: unknown) => void;
}

/** One event at the server, and how often it has happened by now. */
interface Series {
  readonly namespace: string;
  name: string | undefined;
  count: number;
  /** The count that the server has. */
  sentCount: number;
  lastMs: number;
  sending: boolean;
}

const NOTE_BYTES = 1_024;
/** Requests at once; what comes on top is dropped. */
const MAX_SENDING = 8;
/** After which a repetition is a new event, as in client-go. */
const SERIES_MS = 6 * 60_000;
const MAX_SERIES = 1_000;
const SEND_TIMEOUT_MS = 10_000;

/**
 * Tells the cluster's users what happened. Fire and forget: nothing waits for it, and what cannot be stored is
 * counted and dropped. The same reason and note for the same object within 6 minutes raise a count.
 */
export class EventRecorder {
  readonly #o: EventRecorderOptions;
  /** By uid, reason and note; the least recently used first. */
  readonly #series = new Map<string, Series>();
  readonly #sending = new Set<Promise<void>>();
  readonly #abort = new AbortController();
  #dropped = 0;

  constructor(options: EventRecorderOptions) {
    this.#o = options;
  }

  /** Events, or counts of events, that were not stored. */
  get dropped(): number {
    return this.#dropped;
  }

  record(regarding: Regarding, text: EventText): void {
    if (this.#abort.signal.aborted) return;
    const series = this.#count(regarding, text);
    if (series.sending) return; // Its end sees the new count.
    if (this.#sending.size >= MAX_SENDING) return this.#drop(new Error('too many events at once'));
    const sending = this.#send(series, regarding, text).finally(() => void this.#sending.delete(sending));
    this.#sending.add(sending);
  }

  /** Resolves when nothing is on its way. */
  async idle(): Promise<void> {
    while (this.#sending.size > 0) await Promise.all(this.#sending);
  }

  /** Waits for what is on its way, but not longer than `timeoutMs`. */
  async close(timeoutMs = 1_000): Promise<void> {
    const timer = setTimeout(() => this.#abort.abort(), timeoutMs);
    await this.idle();
    clearTimeout(timer);
    this.#abort.abort();
  }

  #count(regarding: Regarding, text: EventText): Series {
    const key = JSON.stringify([regarding.uid, text.reason, text.note]);
    const nowMs = performance.now();
    let series = this.#series.get(key);
    this.#series.delete(key);
    if (series === undefined || nowMs - series.lastMs > SERIES_MS) {
      const namespace = regarding.namespace ?? 'default'; // The API takes events of cluster-scoped objects only there.
      series = { namespace, name: undefined, count: 0, sentCount: 0, lastMs: nowMs, sending: false };
    }
    series.count += 1;
    series.lastMs = nowMs;
    this.#series.set(key, series);
    const [oldest] = this.#series.keys();
    if (this.#series.size > MAX_SERIES && oldest !== undefined) this.#series.delete(oldest);
    return series;
  }

  async #send(series: Series, regarding: Regarding, text: EventText): Promise<void> {
    series.sending = true;
    try {
      while (series.sentCount < series.count) {
        const { count } = series;
        if (series.name === undefined) await this.#create(series, regarding, text);
        else await this.#raise(series, series.name);
        if (series.name !== undefined) series.sentCount = count;
      }
    } catch (error) {
      this.#drop(error);
    } finally {
      series.sending = false;
    }
  }

  /** The server's event may have expired (after an hour, as a rule): then it is made anew. */
  async #raise(series: Series, name: string): Promise<void> {
    const patch = { series: { count: series.count, lastObservedTime: microTime() } };
    try {
      await this.#o.client.mergePatch(events, { name, namespace: series.namespace }, patch, this.#write());
    } catch (error) {
      if (!(error instanceof KubeError) || error.kind !== 'NotFound') throw error;
      series.name = undefined;
    }
  }

  async #create(series: Series, regarding: Regarding, text: EventText): Promise<void> {
    const name = `${regarding.name.slice(0, 200)}.${randomBytes(8).toString('hex')}`;
    const now = microTime();
    const body: KubeEvent = {
      metadata: { name, namespace: series.namespace },
      eventTime: now,
      ...text,
      note: cutBytes(text.note, NOTE_BYTES),
      regarding,
      reportingController: this.#o.reportingController,
      reportingInstance: this.#o.reportingInstance,
      ...(series.count > 1 ? { series: { count: series.count, lastObservedTime: now } } : {}),
    };
    await this.#o.client.create(events, body, this.#write());
    series.name = name;
  }

  #write(): { signal: AbortSignal; fieldManager: string } {
    const signal = AbortSignal.any([this.#abort.signal, AbortSignal.timeout(SEND_TIMEOUT_MS)]);
    return { signal, fieldManager: this.#o.reportingController };
  }

  #drop(error: unknown): void {
    this.#dropped += 1;
    this.#o.onDrop?.(error);
  }
}

/** The text, cut to so many bytes of UTF-8 without breaking a character. */
export function cutBytes(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return text;
  let end = maxBytes - Buffer.byteLength('…');
  // Continuation bytes are 10xxxxxx: step back to the start of a character.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return `${bytes.subarray(0, end).toString()}…`;
}

/** The API's MicroTime: six digits of a second. */
export function microTime(date = new Date()): string {
  return date.toISOString().replace('Z', '000Z');
}
