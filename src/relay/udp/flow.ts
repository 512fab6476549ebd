/** One client of a UDP relay, and its socket towards the upstream. */
import { hasErrorQueue } from "../../base/kernel.ts";
import { resendOnError } from "../../base/resend.ts";
import type { Direction } from "../../faults/faults.ts";
import { errorCode } from "../../load/measure/error-code.ts";
import type { UdpSocket } from "../../servers/udp/sockets.ts";
import type { LossReason } from "../counts.ts";
import type { Passed } from "../lineage.ts";
import type { FlowAmounts } from "../relay-port.ts";
import type { Upstream } from "../upstream.ts";
import type { Exit } from "./datagram.ts";
import { UpstreamSocket } from "./upstream-socket.ts";

/** Datagrams of one client that wait until its socket is open: more than are read in one turn of the event loop. */
const MAX_WAITING = 4096;

/** Most octets of the receive buffer of one socket: many flows together may not use the memory of the machine. */
const MAX_RECEIVE_BUFFER = 1024 * 1024;

/** Where datagrams of the upstream go. */
export interface FlowEnds {
  /** The flow has a socket, which is not open yet; `descriptor` is undefined where the runtime has none. */
  bound(flow: UdpFlow, descriptor: number | undefined): void;
  /** A datagram of the upstream, on `socket`, which can be held. */
  fromUpstream(flow: UdpFlow, datagram: Buffer, socket: UpstreamSocket | undefined): void;
  /** The system has reported an error of an earlier datagram: an ICMP error of the upstream or of the network. */
  upstreamError(flow: UdpFlow, error: unknown): void;
}

const EMPTY = Buffer.alloc(0);

/** Why datagrams of a flow that has ended are lost. */
type EndReason = Extract<LossReason, "peer-gone" | "no-upstream">;

/** A flow: what one client's address and port send, and what the upstream sends back. */
export class UdpFlow implements Exit {
  /** Time of the last datagram in either direction, monotonic ms. */
  lastAt: number;
  /** Datagrams of the client. */
  unique = 0;
  /** Packets that are delayed, and their octets. */
  delayed = 0;
  delayedBytes = 0;
  readonly name: string;
  readonly up: FlowAmounts = { packets: 0, bytes: 0, drops: 0 };
  readonly down: FlowAmounts = { packets: 0, bytes: 0, drops: 0 };
  #socket: UpstreamSocket | undefined;
  #isWritable = false;
  #waiting: (() => void)[] = [];
  #ended: EndReason | undefined;
  #receiveBufferDrops: number | undefined = 0;
  /** Those of them that `newReceiveBufferDrops` has returned. */
  #countedDrops = 0;
  /** The datagram that is sent now. The functions are made once, so that a datagram makes none. */
  #sending: Buffer = EMPTY;
  readonly #toClient = () => this.clientSocket.send(this.#sending, this.port, this.address);
  readonly #toUpstream = () => this.#socket?.send(this.#sending);
  readonly #upstreamError = (error: unknown) => this.ends.upstreamError(this, error);
  /** The error of the last attempt to send a datagram upstream. */
  #sendError: unknown;
  readonly #attemptFailed = (error: unknown) => {
    if (hasErrorQueue) this.#sendError = error;
    else this.#upstreamError(error);
  };

  constructor(
    readonly address: string,
    readonly port: number,
    /** The address of the upstream when the flow began. */
    readonly upstreamAddress: string,
    /** Receives from the client. */
    readonly clientSocket: UdpSocket,
    readonly openedAt: number,
    private readonly ends: FlowEnds,
  ) {
    this.lastAt = openedAt;
    this.name = `${address} ${port}`;
  }

  get isOpen(): boolean {
    return this.#isWritable || this.#ended !== undefined;
  }

  /** Opens the socket towards the upstream. Rejects with the system's error: then the flow has ended. */
  async open({ port }: Pick<Upstream, "port">, passed: Passed, receiveBuffer: number): Promise<void> {
    try {
      const buffer = Math.min(receiveBuffer, MAX_RECEIVE_BUFFER);
      const socket = await UpstreamSocket.open(this.upstreamAddress, port, this.address, passed, buffer, {
        data: (datagram) => {
          if (this.#ended === undefined) this.ends.fromUpstream(this, datagram, this.#socket);
        },
        error: this.#upstreamError,
      });
      if (this.#ended !== undefined) {
        socket.close();
        return;
      }
      this.#socket = socket;
      this.ends.bound(this, socket.descriptor);
      await socket.writable;
      this.#isWritable = true;
    } catch (error) {
      this.#ended ??= "no-upstream";
      throw error;
    } finally {
      this.#forwardWaiting();
    }
  }

  /** Calls `forward` when the socket is open or the flow has ended; returns false if too many wait. */
  whenOpen(forward: () => void): boolean {
    if (this.#waiting.length >= MAX_WAITING) return false;
    this.#waiting.push(forward);
    return true;
  }

  #forwardWaiting(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const forward of waiting) forward();
  }

  /**
   * Passes a datagram to the kernel, a second time if it reports the ICMP error of an earlier one in place of sending. A
   * datagram that is too long for the path fails twice.
   */
  transmit(direction: Direction, datagram: Buffer): LossReason | undefined {
    if (this.#ended !== undefined) return this.#ended;
    this.#sending = datagram;
    const isSent =
      direction === "down" ? resendOnError(this.#toClient) : resendOnError(this.#toUpstream, this.#attemptFailed);
    this.#sending = EMPTY;
    if (isSent === undefined && this.#sendError !== undefined) this.#refused(this.#sendError);
    this.#sendError = undefined;
    return isSent === true ? undefined : "send-failed";
  }

  /** Reports what refused a datagram. ECONNREFUSED is of an earlier one, and reported from the error queue, as all ICMP errors are. */
  #refused(error: unknown): void {
    if (errorCode(error) !== "ECONNREFUSED") this.#upstreamError(error);
  }

  /** Datagrams of the upstream that the kernel dropped because the receive buffer was full; undefined if it does not report them. */
  receiveBufferDrops(): number | undefined {
    return this.#ended === undefined && this.#socket ? this.#socket.receiveBufferDrops() : this.#receiveBufferDrops;
  }

  /** Those since the last call. */
  newReceiveBufferDrops(): number {
    const drops = (this.receiveBufferDrops() ?? 0) - this.#countedDrops;
    this.#countedDrops += drops;
    return drops;
  }

  lost(direction: Direction): void {
    this[direction].drops++;
  }

  /** Closes the socket; what is on its way is lost. */
  close(): void {
    if (this.#ended !== undefined) return;
    this.#receiveBufferDrops = this.receiveBufferDrops();
    this.#ended = "peer-gone";
    this.#socket?.close();
    this.#forwardWaiting();
  }
}
