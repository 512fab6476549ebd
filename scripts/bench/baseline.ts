/**
 * Minimal Bun servers, with which wirelab's servers are compared: bun baseline.ts KIND [CERT KEY]. Prints the port. With the
 * files of a certificate it has the lab's settings of TLS.
 */
import { readFileSync } from "node:fs";
import { tlsOptions } from "../../src/servers/secure/tls-options.ts";

const [kind, certFile, keyFile] = process.argv.slice(2);
const hostname = "127.0.0.1";
const pair = { cert: certFile && readFileSync(certFile, "utf8"), key: keyFile && readFileSync(keyFile, "utf8") };
const secured = pair.cert && pair.key ? { tls: tlsOptions({ cert: pair.cert, key: pair.key }) } : {};
/** One version only, as the lab's listeners. */
const VERSIONS = {
  https: { http1: true, http2: false, http3: false },
  http2: { http1: false, http2: true, http3: false },
  http3: { http1: false, http2: false, http3: true },
};
const version = kind === "https" || kind === "http2" || kind === "http3" ? VERSIONS[kind] : {};

/** The header of the lab's responses: the time in the handler. */
const timing = (startedAt: number) => `app;dur=${(performance.now() - startedAt).toFixed(3)}`;

if (kind === "udp") {
  const socket = await Bun.udpSocket({
    hostname,
    socket: {
      data(socket, data, port, address) {
        socket.send(data, port, address);
      },
      error() {},
    },
  });
  console.log(socket.port);
} else if (kind === "tcp" || kind === "tls") {
  const socket = {
    data(socket: Bun.Socket, data: Buffer) {
      socket.write(data);
    },
  };
  console.log(Bun.listen({ hostname, port: 0, socket, ...secured }).port);
} else if (kind === "websocket") {
  const server = Bun.serve({
    hostname,
    port: 0,
    fetch: (request, server) => (server.upgrade(request) ? undefined : new Response(null, { status: 426 })),
    websocket: {
      message(socket, message) {
        socket.send(message);
      },
    },
  });
  console.log(server.port);
} else {
  const server = Bun.serve({
    hostname,
    port: 0,
    ...version,
    ...secured,
    routes: {
      "/status/:code": (request) => {
        const startedAt = performance.now();
        const status = Number(request.params.code);
        return new Response(null, { status, headers: { "server-timing": timing(startedAt) } });
      },
      "/": {
        POST: async (request) => {
          const startedAt = performance.now();
          await request.json();
          return Response.json({ status: "received" }, { headers: { "server-timing": timing(startedAt) } });
        },
      },
    },
  });
  console.log(server.port);
}
