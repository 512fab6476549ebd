/** The open flows of a UDP relay: found by the client's address and port, bounded in number, closed when they are idle. */
import { ITEMS_PER_TURN, overTurns } from "../../base/turns.ts";
import { EvictionQueue } from "../../reflector/eviction.ts";
import type { RelayLimits } from "../relay-port.ts";
import type { UdpFlow } from "./flow.ts";

/**
 * A table of flows. A full one closes an idle flow, then one whose client has sent few datagrams, and then the one that has been
 * silent for the longest time; a network that has a large part of the table loses its own (`EvictionQueue`). So datagrams
 * with forged sources replace each other, not a client that goes on sending.
 */
export class UdpFlows {
  // Two maps of plain keys: a look-up for each datagram allocates nothing.
  readonly #byAddress = new Map<string, Map<number, UdpFlow>>();
  readonly #queue: EvictionQueue<UdpFlow>;
  #size = 0;
  #overflows = 0;
  /** Of the flows that are closed. */
  #receiveBufferDrops = 0;
  /** Of all flows, when each was read the last time. */
  #knownDrops = 0;
  /** Flows that are read before all others are read again. */
  #unread: UdpFlow[] = [];
  /** Most flows now: fewer than configured while the process has few descriptors left. */
  #most: number;

  constructor(private readonly limits: Pick<RelayLimits, "flows" | "flowIdleMs">) {
    this.#most = limits.flows;
    this.#queue = new EvictionQueue(limits.flows);
  }

  get size(): number {
    return this.#size;
  }

  /** Flows that were closed because the table was full, or the process had few descriptors left. */
  get overflows(): number {
    return this.#overflows;
  }

  get(address: string, port: number): UdpFlow | undefined {
    return this.#byAddress.get(address)?.get(port);
  }

  /**
   * Adds a flow of a client that has none. Returns false if the table was full, and the flow that was closed had the same address and
   * no answer: a datagram that goes round through a relay of another process makes such a flow each time, without an end.
   */
  add(flow: UdpFlow, now: number): boolean {
    const closed = this.#size >= this.#most ? this.#evict(flow.address, now) : undefined;
    if (closed?.address === flow.address && closed.down.packets === 0) return false;
    let ports = this.#byAddress.get(flow.address);
    if (ports === undefined) {
      ports = new Map();
      this.#byAddress.set(flow.address, ports);
    }
    ports.set(flow.port, flow);
    this.#size++;
    this.#queue.add(flow);
    return true;
  }

  /** Closes one flow for that of `address`, and returns it; undefined if there is none. */
  #evict(address: string, now: number): UdpFlow | undefined {
    const victim = this.#queue.evictFor(address, now);
    if (victim === undefined) return undefined;
    this.#overflows++;
    this.#end(victim);
    return victim;
  }

  /** Closes one flow for that of `address`, and keeps the number of flows until idle ones are closed the next time. */
  stopGrowing(address: string, now: number): void {
    this.#evict(address, now);
    this.#most = Math.max(1, this.#size);
  }

  /** Closes a flow, if it is in the table. */
  close(flow: UdpFlow): void {
    if (this.get(flow.address, flow.port) === flow) {
      this.#queue.remove(flow);
      this.#end(flow);
    }
  }

  /** Closes a flow that the queue does not have any more. */
  #end(flow: UdpFlow): void {
    this.#forget(flow);
    flow.close();
    this.#receiveBufferDrops += flow.receiveBufferDrops() ?? 0;
    this.#knownDrops += flow.newReceiveBufferDrops();
  }

  #forget({ address, port }: UdpFlow): void {
    const ports = this.#byAddress.get(address);
    if (!ports?.delete(port)) return;
    this.#size--;
    if (ports.size === 0) this.#byAddress.delete(address);
  }

  /** Every flow. */
  list(): UdpFlow[] {
    return this.#queue.sessions();
  }

  /**
   * Datagrams of the upstream that the kernel dropped because a receive buffer was full, since the start; undefined if it does
   * not report them. Takes about two microseconds for each flow, divided over turns of the event loop.
   */
  async receiveBufferDrops(): Promise<number | undefined> {
    let sum: number | undefined = this.#receiveBufferDrops; // a flow that is closed meanwhile keeps its own number
    await overTurns(this.list(), (flow) => {
      const drops = flow.receiveBufferDrops();
      sum = sum === undefined || drops === undefined ? undefined : sum + drops;
    });
    return sum;
  }

  /** The same of all flows, when each was read the last time. */
  get knownReceiveBufferDrops(): number {
    return this.#knownDrops;
  }

  /** Reads the drops of the next flows, in turns, as many as one turn of the event loop allows. */
  readReceiveBufferDrops(): void {
    if (this.#unread.length === 0) this.#unread = [...this.list()];
    for (const flow of this.#unread.splice(-ITEMS_PER_TURN)) this.#knownDrops += flow.newReceiveBufferDrops();
  }

  /** Closes the flows without a datagram in either direction for `flowIdleMs`, a number of them in each turn of the event loop. */
  async closeIdle(now: number): Promise<void> {
    const { flows, flowIdleMs } = this.limits;
    this.#most = flows;
    const idle = this.list().filter(({ lastAt }) => now - lastAt >= flowIdleMs);
    await overTurns(idle, (flow) => {
      if (now - flow.lastAt >= flowIdleMs) this.close(flow);
    });
  }

  /** Closes every flow. */
  async closeAll(): Promise<void> {
    await overTurns(this.list(), (flow) => this.close(flow));
  }
}
