/** A UDP socket under the control of the test: sends any octets and keeps what it receives. */
import { resendOnError } from "../../src/base/resend.ts";

/** One socket. */
export interface UdpPeer extends Disposable {
  readonly port: number;
  /** Every datagram received, in order. */
  readonly got: Buffer[];
  send(data: Buffer | string, port: number): void;
  close(): void;
}

/** Binds a socket on the loopback interface; `port` 0 picks a free one. */
export async function openUdp(port = 0): Promise<UdpPeer> {
  const got: Buffer[] = [];
  const socket = await Bun.udpSocket({
    hostname: "127.0.0.1",
    port,
    socket: { data: (_, data) => void got.push(data), error() {} },
  });
  return {
    port: socket.port,
    got,
    send: (data, port) => void resendOnError(() => socket.send(data, port, "127.0.0.1")),
    close: () => socket.close(),
    [Symbol.dispose]: () => socket.close(),
  };
}
