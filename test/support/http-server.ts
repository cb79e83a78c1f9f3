// A real HTTP server on the loopback interface that records what it gets, and answers as a test says.
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** `never`: the request is not answered. */
export type Reply =
  { readonly status: number; readonly body?: unknown; readonly location?: string } | 'never';

export class HttpServer implements AsyncDisposable {
  readonly received: Received[] = [];
  readonly #server;

  private constructor(reply: (request: Received, count: number) => Reply) {
    this.#server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8');
      request.on('data', (text: string) => (body += text));
      request.on('end', () => {
        const { method = '', url = '', headers } = request;
        const received = { method, path: url, headers, body };
        this.received.push(received);
        const answer = reply(received, this.received.length);
        if (answer === 'never') return;
        response.writeHead(answer.status, {
          'content-type': 'application/json',
          ...(answer.location !== undefined && { location: answer.location }),
        });
        const text = answer.body ?? '';
        response.end(typeof text === 'string' ? text : JSON.stringify(text));
      });
    });
  }

  /** Starts a server that answers everything with `reply`; by default with 200. */
  static async start(
    reply: (request: Received, count: number) => Reply = () => ({ status: 200 }),
  ): Promise<HttpServer> {
    const server = new HttpServer(reply);
    await new Promise<void>((done) => server.#server.listen(0, '127.0.0.1', done));
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Returns the only request. */
  get only(): Received {
    const [first, ...others] = this.received;
    if (!first || others.length > 0) throw new Error(`expected one request, got ${this.received.length}`);
    return first;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }
}
