/** A program: a UDP server that sends datagrams without end to the first peer that it hears. Sends its port as a message. */
const data = Buffer.alloc(64);
const socket = await Bun.udpSocket({
  hostname: "127.0.0.1",
  socket: {
    data(socket, _, port, address) {
      for (;;) socket.send(data, port, address);
    },
    error() {},
  },
});
process.send?.(socket.port);

export {};
