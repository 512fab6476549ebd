/**
 * The UDP relay: one socket towards the upstream for each client, so that the upstream sees each as a peer of its own.
 *
 * It sends nothing of its own. A client gets the datagrams that the upstream sends for it, each at most once, and a second
 * time with the fault `duplicate`, and its ICMP errors; a source that the upstream does not answer gets nothing. So the relay adds
 * nothing to what an attacker with forged sources can make the upstream send.
 *
 * What it can pass on: the octets of datagrams of every length, including 0, the upstream's silence, and that its port, host or
 * network cannot be reached, where the process may send ICMP messages; elsewhere that is counted, and its client notices a loss. What
 * it cannot: TTL, ECN, the fragments of a datagram or its checksum. A datagram that is too long for the path is dropped as
 * `send-failed`.
 */
import { hidesClient } from "../../base/address.ts";
import { mostDescriptors } from "../../base/descriptors.ts";
import { REFLECTOR_PORTS } from "../../base/reflector-ports.ts";
import type { Direction } from "../../faults/faults.ts";
import { type UdpSocket, UdpSockets } from "../../servers/udp/sockets.ts";
import type { LossReason } from "../counts.ts";
import { passedOf } from "../lineage.ts";
import type { FlowState, RelayParts, RelayPort } from "../relay-port.ts";
import { DatagramPath } from "./datagram-path.ts";
import { type FlowEnds, UdpFlow } from "./flow.ts";
import { UdpFlows } from "./flows.ts";
import { IcmpErrors } from "./icmp-errors.ts";
import { type UpstreamSocket, upstreamErrorOf } from "./upstream-socket.ts";
import { UpstreamTurns } from "./upstream-turns.ts";

/** Longest time between two searches for idle flows, ms. */
const IDLE_CHECK_MS = 15_000;

/** Time between two readings of what the kernel dropped at some of the flows, ms. */
const READ_DROPS_MS = 1000;

/** The part of the descriptors of the process that flows may use, so that other ports can accept connections. */
const DESCRIPTOR_SHARE = 3 / 4;

/** Forwards datagrams between clients and the upstream. */
class UdpRelay implements FlowEnds {
  readonly table: UdpFlows;
  readonly #up: DatagramPath;
  readonly #down: DatagramPath;
  readonly #turns: UpstreamTurns;
  readonly #icmpErrors = new IcmpErrors();
  /** A descriptor is the lowest free one: from this one on, too many are in use. */
  readonly #lastDescriptor = mostDescriptors() * DESCRIPTOR_SHARE;
  #sockets: UdpSockets | undefined;

  constructor(private readonly parts: RelayParts) {
    const { counts, clock, delayQueue, newChance, failed, limits } = parts;
    this.#up = new DatagramPath("up", counts.up, clock, delayQueue, newChance, failed);
    this.#down = new DatagramPath("down", counts.down, clock, delayQueue, newChance, failed);
    this.#turns = new UpstreamTurns(() => clock.now());
    this.table = new UdpFlows(limits);
  }

  async open(host: string, port: number): Promise<UdpSockets> {
    const { clock, limits, failed } = this.parts;
    const handlers = {
      data: this.#receive.bind(this),
      // The ICMP error of a client that has closed its socket has a code; an error of `data` has none.
      error: (error: Error | undefined) => {
        if (error && !("code" in error)) failed(error);
      },
    };
    this.#sockets = await UdpSockets.open(host, port, limits.receiveBuffer, handlers, () => clock.now());
    return this.#sockets;
  }

  #receive(socket: UdpSocket, data: Buffer, port: number, address: string, isForged: boolean): void {
    const now = this.parts.clock.now();
    socket.received(now);
    const to = this.parts.upstream.address;
    if (isForged || REFLECTOR_PORTS.has(port) || this.#isLoop(port, address)) this.#refuse(data, "refused");
    else if (to === undefined || hidesClient(address, to)) this.#refuse(data, "no-upstream");
    else this.#forward(socket, data, port, address, to, now);
  }

  /** Counts a datagram that belongs to no flow. */
  #refuse({ length }: Buffer, reason: LossReason): void {
    const { up } = this.parts.counts;
    up.enter(length);
    up.lose(length, reason);
  }

  #forward(socket: UdpSocket, data: Buffer, port: number, address: string, to: string, now: number): void {
    let flow = this.table.get(address, port);
    if (flow?.upstreamAddress !== to) {
      if (flow) this.table.close(flow);
      flow = new UdpFlow(address, port, to, socket, now, this);
      if (!this.table.add(flow, now)) {
        this.#refuse(data, "memory-limit");
        return;
      }
      this.#openFlow(flow);
    }
    flow.lastAt = now;
    flow.unique++;
    flow.up.packets++;
    flow.up.bytes += data.length;
    this.#up.forward(data, flow, now);
  }

  /** Whether a datagram comes from this relay, directly or through others of this process. */
  #isLoop(port: number, address: string): boolean {
    return passedOf("udp", port, address).includes(this) && this.#countLoop();
  }

  #countLoop(): true {
    this.parts.upstreamErrors.add("loop");
    return true;
  }

  #openFlow(flow: UdpFlow): void {
    const { upstream, limits } = this.parts;
    const passed = [...passedOf("udp", flow.port, flow.address), this];
    flow.open(upstream, passed, limits.receiveBuffer).catch((error) => {
      this.upstreamError(flow, error);
      this.table.close(flow);
    });
  }

  bound({ address }: UdpFlow, descriptor = 0): void {
    if (descriptor >= this.#lastDescriptor) this.table.stopGrowing(address, this.parts.clock.now());
  }

  fromUpstream(flow: UdpFlow, datagram: Buffer, socket: UpstreamSocket | undefined): void {
    const now = this.parts.clock.now();
    if (socket) this.#turns.received(socket, now);
    flow.lastAt = now;
    flow.down.packets++;
    flow.down.bytes += datagram.length;
    this.#down.forward(datagram, flow, now);
  }

  /** Counts an error of the upstream and passes it on; one without a code of the system is of the relay itself. */
  upstreamError(flow: UdpFlow, error: unknown): void {
    const kind = upstreamErrorOf(error);
    this.#icmpErrors.pass(error, { client: flow, relay: flow.clientSocket }, this.parts.clock.now());
    if (kind) this.parts.upstreamErrors.add(kind);
    else if (!(error instanceof Error && "code" in error)) this.parts.failed(error);
  }

  setFaults({ up, down }: Parameters<RelayPort["setFaults"]>[0]): void {
    this.#up.setFaults(up);
    this.#down.setFaults(down);
  }

  flows(): readonly FlowState[] {
    return this.table.list();
  }

  async receiveBufferDrops(): Promise<Record<Direction, number | undefined>> {
    return { up: this.#sockets?.receiveBufferDrops(), down: await this.table.receiveBufferDrops() };
  }

  knownReceiveBufferDrops(): Record<Direction, number | undefined> {
    const up = this.#sockets?.receiveBufferDrops();
    return { up, down: up === undefined ? undefined : this.table.knownReceiveBufferDrops };
  }

  async close(): Promise<void> {
    this.#sockets?.close();
    this.#icmpErrors[Symbol.dispose]();
    await this.table.closeAll();
  }
}

/** Opens the port of a UDP relay. Rejects with the system's error if it cannot be opened. */
export async function openUdpRelay(parts: RelayParts, host: string, port: number): Promise<RelayPort> {
  const relay = new UdpRelay(parts);
  const sockets = await relay.open(host, port);
  const { flows: limit, flowIdleMs } = parts.limits;
  const closeIdle = () => void relay.table.closeIdle(parts.clock.now()).catch(parts.failed);
  const timer = setInterval(closeIdle, Math.min(IDLE_CHECK_MS, flowIdleMs / 4));
  timer.unref();
  const reading = setInterval(() => relay.table.readReceiveBufferDrops(), READ_DROPS_MS);
  reading.unref();
  return {
    port: sockets.port,
    open: {
      get size() {
        return relay.table.size;
      },
      limit,
      get overflows() {
        return relay.table.overflows;
      },
    },
    setFaults: (faults) => relay.setFaults(faults),
    flows: () => relay.flows(),
    receiveBufferDrops: () => relay.receiveBufferDrops(),
    knownReceiveBufferDrops: () => relay.knownReceiveBufferDrops(),
    close() {
      clearInterval(timer);
      clearInterval(reading);
      return relay.close();
    },
  };
}
