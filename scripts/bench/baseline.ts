/** Minimal Bun servers, with which wirelab's servers are compared: bun baseline.ts KIND. Prints the port. */

const kind = process.argv[2];
const hostname = "127.0.0.1";

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
} else if (kind === "tcp") {
  const socket = {
    data(socket: Bun.Socket, data: Buffer) {
      socket.write(data);
    },
  };
  console.log(Bun.listen({ hostname, port: 0, socket }).port);
} else {
  const server = Bun.serve({
    hostname,
    port: 0,
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

export {};
