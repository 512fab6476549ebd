/** The UDP associations of a relay: which socket towards the lab belongs to which client. */
import { relaySourceFor } from "../base/address.ts";
import { resendOnError } from "../base/resend.ts";
import { EvictionQueue } from "../reflector/eviction.ts";

/** Associations open at a time; a further one replaces another as in the lab's table of sessions. */
const MAX_ASSOCIATIONS = 1024;
/** Datagrams of one client held until its socket is open; further ones are dropped. */
const MAX_WAITING = 64;

type Socket = Bun.udp.Socket<"buffer">;
type ConnectedSocket = Bun.udp.ConnectedSocket<"buffer">;

/** One client and its socket towards the lab. */
class Association {
  /** Time of the client's last datagram, monotonic ms. */
  lastAt = 0;
  /** The client's datagrams. */
  unique = 0;
  #socket: ConnectedSocket | undefined;
  #waiting: Buffer[] = [];
  #isClosed = false;

  constructor(
    /** The client's address and port. */
    readonly client: string,
    readonly address: string,
    readonly labAddress: string,
  ) {}

  /** Opens the socket and sends the datagrams held until then; `reply` receives each datagram of the lab. */
  async connect(labPort: number, reply: (datagram: Buffer) => void): Promise<void> {
    const hostname = relaySourceFor(this.labAddress);
    const socket = await Bun.udpSocket({
      ...(hostname && { hostname }),
      connect: { hostname: this.labAddress, port: labPort },
      socket: {
        data: (_, datagram) => reply(datagram),
        error() {}, // without a handler, one ICMP port-unreachable would end the process
      },
    });
    if (this.#isClosed) return socket.close();
    this.#socket = socket;
    for (const datagram of this.#waiting) resendOnError(() => socket.send(datagram));
    this.#waiting = [];
  }

  /** Sends `datagram` to the lab, or holds a copy of it until the socket is open. */
  send(datagram: Buffer): void {
    this.lastAt = performance.now();
    this.unique++;
    const socket = this.#socket;
    if (socket) resendOnError(() => socket.send(datagram));
    else if (this.#waiting.length < MAX_WAITING) this.#waiting.push(Buffer.from(datagram));
  }

  close(): void {
    this.#isClosed = true;
    this.#socket?.close();
  }
}

/** The open associations of one relay, at most MAX_ASSOCIATIONS. */
export class Associations {
  /** By client, in the order of their last datagrams: the first entry has been idle longest. */
  readonly #byClient = new Map<string, Association>();
  readonly #queue = new EvictionQueue<Association>(MAX_ASSOCIATIONS);

  constructor(private readonly labPort: number) {}

  /**
   * The client's association with the lab at `labAddress`; a new one if there is none or if it leads to another lab.
   * `relay` is the socket through which the client receives replies.
   */
  get(relay: Socket, labAddress: string, clientPort: number, clientAddress: string): Association {
    const client = `${clientAddress} ${clientPort}`;
    const current = this.#byClient.get(client);
    this.#byClient.delete(client);
    if (current?.labAddress === labAddress) {
      this.#byClient.set(client, current);
      return current;
    }
    if (current) this.#close(current);
    if (this.#byClient.size >= MAX_ASSOCIATIONS) this.#close(this.#queue.evictFor(clientAddress, performance.now()));
    const association = new Association(client, clientAddress, labAddress);
    association.lastAt = performance.now();
    this.#byClient.set(client, association);
    this.#queue.add(association);
    const reply = (datagram: Buffer) => void resendOnError(() => relay.send(datagram, clientPort, clientAddress));
    association.connect(this.labPort, reply).catch(() => {
      if (this.#byClient.get(client) === association) this.#close(association);
    });
    return association;
  }

  /** Closes the associations whose client has sent nothing for `idleMs`. */
  closeIdle(idleMs: number): void {
    for (const association of this.#byClient.values()) {
      if (performance.now() - association.lastAt < idleMs) break;
      this.#close(association);
    }
  }

  /** Closes all of them. */
  close(): void {
    for (const association of this.#byClient.values()) association.close();
  }

  #close(association: Association | undefined): void {
    if (association === undefined) return;
    association.close();
    this.#byClient.delete(association.client);
    this.#queue.remove(association);
  }
}
