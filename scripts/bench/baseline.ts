/** Minimal Bun servers, with which wirelab's servers are compared. Prints the port. */

const kind = process.argv[2];
const hostname = "127.0.0.1";

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
} else if (kind === "http-get") {
  console.log(Bun.serve({ hostname, port: 0, fetch: () => Response.json({ status: "alive" }) }).port);
} else if (kind === "http-post") {
  const fetch = async (request: Request) => {
    await request.json();
    return Response.json({ status: "received" });
  };
  console.log(Bun.serve({ hostname, port: 0, fetch }).port);
}

export {};
