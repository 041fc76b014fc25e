import { once } from 'node:events';
import { connect } from 'node:tls';

export interface Visited {
  readonly host: string;
  readonly port: number;
  /** PEM of the roots that it trusts, and nothing else. */
  readonly ca: string;
}

const HANDSHAKE_MS = 5000;

/** Connects anew again and again, and checks name, dates and issuer each time: one handshake that fails is seen. */
export class SteadyClient {
  readonly #visited: Visited;
  /** Handshakes by the decimal serial of the certificate shown, in the order of its first appearance. */
  readonly seen = new Map<string, number>();
  readonly failures: Error[] = [];
  #running = true;
  readonly #done: Promise<void>;

  constructor(visited: Visited) {
    this.#visited = visited;
    this.#done = this.#run();
  }

  get handshakes(): number {
    return [...this.seen.values()].reduce((sum, count) => sum + count, 0);
  }

  async stop(): Promise<void> {
    this.#running = false;
    await this.#done;
  }

  async #run(): Promise<void> {
    while (this.#running) {
      try {
        const serial = await serialShown(this.#visited);
        this.seen.set(serial, (this.seen.get(serial) ?? 0) + 1);
      } catch (error) {
        this.failures.push(error instanceof Error ? error : new Error(String(error)));
      }
    }
  }
}

async function serialShown({ host, port, ca }: Visited): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, servername: host, ca });
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(HANDSHAKE_MS) });
    return BigInt(`0x${socket.getPeerCertificate().serialNumber}`).toString();
  } finally {
    socket.destroy();
  }
}
