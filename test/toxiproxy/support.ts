/** A Toxiproxy server on relays of its own, and upstreams behind them. */
import { Budget } from "../../src/base/bounded.ts";
import { systemClock } from "../../src/base/clock.ts";
import { InternalErrors } from "../../src/base/internal-errors.ts";
import { createLog } from "../../src/base/log.ts";
import { DEFAULT_LIMITS, type Limits } from "../../src/limits.ts";
import type { Relay, RelayContext } from "../../src/relay/relay.ts";
import { Relays } from "../../src/relay/relays.ts";
import { serveToxiproxy } from "../../src/toxiproxy/server.ts";

/** What a request got. */
export interface Answer {
  readonly status: number;
  readonly type: string | null;
  /** As sent. */
  readonly text: string;
  /** As JSON; undefined if it is none. */
  readonly body: unknown;
}

/** A server under test. */
export interface TestToxiproxy extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly relays: Relays;
  ask(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** Creates a proxy with the name `proxy` in front of a port of this machine, with toxics; returns its port. */
  proxy(upstreamPort: number, ...toxics: readonly object[]): Promise<number>;
  /** The relay of that proxy. */
  relay(): Relay;
}

/** Sends a request to a server of the API; a body that is no string is sent as JSON. */
export async function ask(
  url: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const sent = body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) };
  const response = await fetch(`${url}${path}`, { method, headers, ...sent });
  const text = await response.text();
  return { status: response.status, type: response.headers.get("content-type"), text, body: parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What a test can choose. */
interface Options extends Pick<RelayContext, "lookUp" | "lookUpMs"> {
  readonly token?: string;
  readonly seed?: number;
  readonly limits?: Partial<Limits>;
}

/** Counts errors, which `failed` gets. */
class ReportedErrors extends InternalErrors {
  constructor(private readonly failed: (error: unknown) => void) {
    super(createLog({ level: "silent", readable: false, sink() {} }));
  }

  override caught(error: unknown): void {
    this.failed(error);
  }
}

/** Starts a server on a free port. */
export function startToxiproxy({ token, seed = 1, limits: given, ...lookUps }: Options = {}): TestToxiproxy {
  const clock = systemClock();
  const failures: unknown[] = [];
  const failed = (error: unknown) => void failures.push(error);
  const relays = new Relays({ clock, seed, failed, ...lookUps });
  const host = "127.0.0.1";
  const limits = { ...DEFAULT_LIMITS, ...given };
  const bodies = new Budget(limits.httpBodiesBytes);
  const errors = new ReportedErrors(failed);
  const server = serveToxiproxy({ port: 0, host, relays, seed, rights: { token, host }, limits, bodies, errors });
  const url = `http://${host}:${server.port}`;
  const own: TestToxiproxy["ask"] = (method, path, body, headers) => ask(url, method, path, body, headers);
  return {
    url,
    port: server.port,
    relays,
    ask: own,
    async proxy(upstreamPort, ...toxics) {
      const upstream = `127.0.0.1:${upstreamPort}`;
      const { status, body, text } = await own("POST", "/proxies", { name: "proxy", listen: "127.0.0.1:0", upstream });
      if (status !== 201) throw new Error(text);
      for (const toxic of toxics) {
        const added = await own("POST", "/proxies/proxy/toxics", toxic);
        if (added.status !== 200) throw new Error(added.text);
      }
      return Number((body as { readonly listen: string }).listen.split(":")[1]); // the field is a string in every response
    },
    relay() {
      const relay = relays.get("proxy");
      if (!relay) throw new Error("there is no relay named proxy");
      return relay;
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await relays[Symbol.asyncDispose]();
      if (failures.length > 0) throw failures[0];
    },
  };
}

/** A TCP server that answers with what it gets. */
export interface Echo extends Disposable {
  readonly port: number;
  /** Octets that it got. */
  readonly received: number;
  /** Connections that were opened. */
  readonly accepted: number;
}

/** Starts an echo server, which ends a connection after the client's FIN. */
export function startEcho(): Echo {
  let [received, accepted] = [0, 0];
  const unsent = new WeakMap<object, Buffer>();
  const send = (socket: Bun.Socket<undefined>) => {
    const waiting = unsent.get(socket) ?? Buffer.alloc(0);
    const written = Math.max(0, socket.write(waiting));
    unsent.set(socket, Buffer.from(waiting.subarray(written)));
  };
  const server = Bun.listen<undefined>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open: () => void accepted++,
      data(socket, chunk) {
        received += chunk.length;
        unsent.set(socket, Buffer.concat([unsent.get(socket) ?? Buffer.alloc(0), chunk]));
        send(socket);
      },
      drain: send,
      error() {},
    },
  });
  return {
    port: server.port,
    get received() {
      return received;
    },
    get accepted() {
      return accepted;
    },
    [Symbol.dispose]: () => server.stop(true),
  };
}

/** A client's connection, with the times at which octets came. */
export interface Client extends Disposable {
  readonly read: Buffer;
  /** Lengths of the parts as they were read. */
  readonly parts: readonly number[];
  /** How the connection has ended; undefined while it is open. */
  readonly end: "fin" | "reset" | undefined;
  write(data: string | Buffer): void;
  finish(): void;
}

/** Connects to a port of this machine. */
export async function openClient(port: number): Promise<Client> {
  let read = Buffer.alloc(0);
  const parts: number[] = [];
  let end: Client["end"];
  let unsent = Buffer.alloc(0);
  const send = (socket: Bun.Socket<undefined>) => {
    unsent = Buffer.from(unsent.subarray(Math.max(0, socket.write(unsent))));
  };
  const socket = await Bun.connect<undefined>({
    hostname: "127.0.0.1",
    port,
    allowHalfOpen: true,
    socket: {
      data(_, chunk) {
        read = Buffer.concat([read, chunk]);
        parts.push(chunk.length);
      },
      drain: send,
      end() {
        end ??= "fin";
      },
      close(_, error) {
        end ??= error === undefined || error === null ? "fin" : "reset";
      },
      error() {},
    },
  });
  return {
    get read() {
      return read;
    },
    parts,
    get end() {
      return end;
    },
    write(data) {
      unsent = Buffer.concat([unsent, Buffer.from(data)]);
      send(socket);
    },
    finish: () => void socket.shutdown(),
    [Symbol.dispose]: () => socket.terminate(),
  };
}
