/** One connected UDP socket with its session, and the datagrams that are ready to be sent. */
import { resendOnError } from "../../../base/resend.ts";
import type { SenderSession } from "./session.ts";

/** Most datagrams that are passed to the kernel in one call. */
const BATCH = 64;
/** Most octets of the buffers for them. */
const BATCH_OCTETS = 256 * 1024;
const MIN_BATCH = 4;

/** A socket and its buffers, which are reused. */
export class UdpSocket {
  readonly session: SenderSession;
  /** Set before the first packet is added. */
  socket: Bun.udp.ConnectedSocket<"buffer"> | undefined;
  readonly #pool: Buffer[] = [];
  readonly #ready: Buffer[] = [];
  readonly #onError: (error: unknown) => void;

  /** @param onError receives each error of a send, such as the ICMP error of an earlier datagram */
  constructor(session: SenderSession, onError: (error: unknown) => void) {
    this.session = session;
    this.#onError = onError;
    const batch = Math.max(MIN_BATCH, Math.min(BATCH, Math.floor(BATCH_OCTETS / session.newPacket().length)));
    for (let index = 0; index < batch; index++) this.#pool.push(session.newPacket());
  }

  /** Whether another packet can be added. */
  get hasCapacity(): boolean {
    return this.#pool.length > 0 && this.session.hasCapacity;
  }

  /** Writes the next packet into a free buffer. */
  add(intendedAt: number, now: number): void {
    const packet = this.#pool.pop();
    if (packet === undefined) return;
    this.session.write(packet, 0, intendedAt, now);
    this.#ready.push(packet);
  }

  /** Passes the ready packets to the kernel. Those that it does not accept stay for the next call. */
  flush(): void {
    const count = this.#ready.length;
    const first = this.#ready[0];
    if (first === undefined || this.socket === undefined) return;
    if (count === 1) this.session.updateSendTime(first, 0);
    let sent = this.#sendMany(this.#ready);
    while (sent > 0 && sent < count) {
      const more = this.#sendMany(this.#ready.slice(sent));
      if (more === 0) break;
      sent += more;
    }
    for (const packet of this.#ready.splice(0, sent)) this.#pool.push(packet);
  }

  /** Returns how many datagrams the kernel accepted. */
  #sendMany(packets: Buffer[]): number {
    return resendOnError(() => this.socket?.sendMany(packets) ?? 0, this.#onError) ?? 0;
  }
}
