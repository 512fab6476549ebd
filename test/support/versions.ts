/** Requests by each version of HTTP. */
import { connect } from "node:http2";
import type { RequestProtocol } from "../../src/base/protocol.ts";
import type { Lab } from "../../src/lab.ts";
import { until } from "./until.ts";

/** The protocols of requests that begin with a handshake. */
export const SECURE_VERSIONS = ["https", "http2", "http3"] as const satisfies readonly RequestProtocol[];

/** One of SECURE_VERSIONS. */
export type SecureVersion = (typeof SECURE_VERSIONS)[number];

/** What `fetch` needs to use one version, with any certificate. */
function versionOf(protocol: RequestProtocol): object {
  const tls = { rejectUnauthorized: false };
  if (protocol === "http2" || protocol === "http3") return { protocol, tls };
  return protocol === "https" ? { tls } : {};
}

/** Sends a request to the listener of `protocol`. */
export function ask(
  lab: Pick<Lab, "ports">,
  protocol: RequestProtocol,
  path: string,
  init: RequestInit = {},
  host = "127.0.0.1",
): Promise<Response> {
  const url = `${protocol === "http" ? "http" : "https"}://${host}:${lab.ports[protocol]}${path}`;
  return fetch(url, { ...init, ...versionOf(protocol) });
}

/** The end of a stream: its status, or 0 with the code of its reset. */
export interface StreamEnd {
  readonly status: number;
  readonly code: number;
  readonly body: string;
}

/** One connection of HTTP/2. */
export interface Http2Connection extends Disposable {
  readonly ended: boolean;
  /** Sends a request on a stream of its own. `cancel` resets the stream. */
  send(path: string, headers?: Readonly<Record<string, string>>): { readonly end: Promise<StreamEnd>; cancel(): void };
}

/** Connects to a port of HTTP/2. */
export async function openHttp2(port: number): Promise<Http2Connection> {
  const session = connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
  let ended = false;
  let connected = false;
  session.on("error", () => {});
  session.on("close", () => {
    ended = true;
  });
  session.on("connect", () => {
    connected = true;
  });
  await until(() => connected, "a connection of HTTP/2");
  return {
    get ended() {
      return ended;
    },
    send(path, headers = {}) {
      const stream = session.request({ ":path": path, ...headers });
      const { promise, resolve } = Promise.withResolvers<StreamEnd>();
      let status = 0;
      let body = "";
      stream.on("response", (fields) => {
        status = Number(fields[":status"]);
      });
      stream.on("data", (chunk: Buffer) => {
        body += chunk.toString();
      });
      stream.on("error", () => {});
      stream.on("close", () => resolve({ status, code: stream.rstCode ?? 0, body }));
      stream.end();
      return { end: promise, cancel: () => stream.close(8) };
    },
    [Symbol.dispose]: () => session.destroy(),
  };
}
