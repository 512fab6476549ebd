/** The lab's own sockets: UDP, the STAMP port where there is one, and TCP. HTTP's is Elysia's. */
import type { Core } from "../core.ts";
import { listen } from "./listen.ts";
import { listenTcp, type TcpServer } from "./tcp.ts";
import { listenUdp, type UdpServer } from "./udp.ts";

/** The open sockets of one lab. */
export interface Sockets {
  readonly udp: UdpServer;
  readonly stamp: UdpServer | undefined;
  readonly tcp: TcpServer;
  /** Takes nothing more in; answers in flight still go. */
  pause(): void;
  close(): void;
}

/** Opens them. Rejects with ListenError, and closes what was open by then. */
export async function openSockets({ config, limits, responders, sessions }: Core): Promise<Sockets> {
  const { host, udpPort, stampPort, tcpPort } = config;
  const openUdp = (name: string, port: number, stampOnly: boolean) =>
    listen(name, host, port, () =>
      listenUdp({ hostname: host, port, stampOnly, receiveBuffer: limits.udpReceiveBuffer }, responders.udp, sessions),
    );
  using opened = new DisposableStack();
  const close = (server: { close(): void }) => server.close();
  const udp = opened.adopt(await openUdp("UDP", udpPort, false), close);
  const stamp = stampPort === undefined ? undefined : opened.adopt(await openUdp("STAMP", stampPort, true), close);
  if (stamp) {
    udp.refuseSource(stamp.port);
    stamp.refuseSource(udp.port);
  }
  const openTcp = () => listenTcp({ hostname: host, port: tcpPort, limits }, responders.tcp, sessions);
  const tcp = opened.adopt(await listen("TCP", host, tcpPort, openTcp), close);
  const all = opened.move();
  return {
    udp,
    stamp,
    tcp,
    pause() {
      for (const server of [udp, stamp, tcp]) server?.pause();
    },
    close: () => all.dispose(),
  };
}
