/** One connected UDP socket with its session, and the datagrams that are ready to be sent. */
import { hasErrorQueue } from "../../../base/kernel.ts";
import { resendOnError } from "../../../base/resend.ts";
import { errorCode } from "../../measure/error-code.ts";
import type { ReceiveDelay } from "./receive-delay.ts";
import type { SenderSession } from "./session.ts";

/** Most datagrams that are passed to the kernel in one call. */
const BATCH = 64;
/** Most octets of the buffers for them. */
const BATCH_OCTETS = 256 * 1024;
const MIN_BATCH = 4;

/** Whether the runtime reports an error of a send once more, from the error queue: the ICMP error of an earlier datagram. */
const isReportedAgain = (error: unknown) => hasErrorQueue && errorCode(error) === "ECONNREFUSED";

/** The error of packets that the kernel had no buffer for until the end of the run. */
const NOT_ACCEPTED = Object.assign(new Error("the send buffer was full"), { code: "EAGAIN" });

/** A socket and its buffers, which are reused. */
export class UdpSocket {
  readonly session: SenderSession;
  /** Set with the socket. */
  receiveDelay: ReceiveDelay | undefined;
  /** Set before the first packet is added. */
  socket: Bun.udp.ConnectedSocket<"buffer"> | undefined;
  readonly #pool: Buffer[] = [];
  readonly #ready: Buffer[] = [];
  readonly #onError: (error: unknown) => void;
  #batch: Buffer[] = this.#ready;
  readonly #sendBatch = () => this.socket?.sendMany(this.#batch) ?? 0;
  /** The errors of the present attempt to send. */
  readonly #errors: unknown[] = [];
  readonly #keepError = (error: unknown) => void this.#errors.push(error);

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

  /** Adds the next packet, in a free buffer. */
  add(intendedAt: number, now: number): void {
    const packet = this.#pool.pop();
    if (packet === undefined) return;
    this.session.add(intendedAt, now);
    this.#ready.push(packet);
  }

  /** Passes the ready packets to the kernel. Those that it does not accept stay for the next call. */
  flush(): void {
    const ready = this.#ready;
    const count = ready.length;
    if (count === 0 || this.socket === undefined) return;
    const { now } = this.session;
    for (let index = 0; index < count; index++) {
      const packet = ready[index];
      if (packet !== undefined) this.session.stamp(packet, 0, count - index, now);
    }
    let done = 0;
    while (done < count) {
      const handled = this.#sendFrom(done);
      if (handled === 0) break;
      done += handled;
    }
    this.#release(done);
  }

  /** Makes the buffers of the first `count` ready packets free. */
  #release(count: number): void {
    const ready = this.#ready;
    for (let index = 0; index < count; index++) {
      const packet = ready[index];
      if (packet !== undefined) this.#pool.push(packet);
    }
    ready.copyWithin(0, count);
    ready.length -= count;
  }

  /** Counts the packets as refused that the kernel has not accepted by the end of the run. */
  refuseReady(): void {
    this.#refuse(this.#ready.length);
  }

  /** Counts the packets as refused that the kernel has not accepted within their timeout. */
  refuseOverdue(now: number): void {
    let overdue = 0;
    while (overdue < this.#ready.length && this.session.isOverdue(this.#ready.length - overdue, now)) overdue++;
    if (overdue > 0) this.#refuse(overdue);
  }

  #refuse(packets: number): void {
    for (let back = this.#ready.length; back > this.#ready.length - packets; back--) {
      this.session.refuse(back);
      this.#onError(NOT_ACCEPTED);
    }
    this.#pool.push(...this.#ready.splice(0, packets));
  }

  /** Passes the ready packets from `first` on to the kernel. Returns how many it accepted, or 1 if it refused the first. */
  #sendFrom(first: number): number {
    this.#batch = first === 0 ? this.#ready : this.#ready.slice(first);
    const sent = resendOnError(this.#sendBatch, this.#keepError);
    const code = this.#errors.length === 0 ? undefined : this.#reportErrors(sent === undefined);
    if (sent !== undefined) {
      for (let index = first; index < first + sent; index++) this.session.handedOver(this.#ready.length - index);
      return sent;
    }
    // The kernel never refuses a packet itself with this error: both were ICMP errors, and the next flush tries again.
    if (code === "ECONNREFUSED") return 0;
    this.session.refuse(this.#ready.length - first);
    return 1;
  }

  /** Reports the errors of an attempt; if it failed, the last one refused the packet, and its code is returned. */
  #reportErrors(isRefused: boolean): string | undefined {
    const errors = this.#errors.splice(0);
    const refusal = isRefused ? errors.at(-1) : undefined;
    const code = errorCode(refusal);
    // Of two equal errors the first is also about this packet, and not an ICMP error of an earlier one.
    const others = errors.filter((error) => !isRefused || errorCode(error) !== code);
    for (const error of isRefused ? [...others, refusal] : others) if (!isReportedAgain(error)) this.#onError(error);
    return isRefused ? code : undefined;
  }
}
