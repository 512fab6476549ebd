/** Passes the rows of a packet log to its sink during a run, in portions. */
import { sleep } from "../../../base/clock.ts";
import type { PacketLog, PacketSink } from "./packet-log.ts";

/** Rows in a portion. The event loop handles the sockets between two portions. */
const PORTION = 64;
/** Time between two drains when there is no backlog, ms. */
const IDLE_MS = 20;

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Drains a log until `end`. */
export class PacketDrain {
  readonly #log: PacketLog;
  readonly #sink: PacketSink;
  readonly #running: Promise<void>;
  #isEnded = false;

  constructor(log: PacketLog, sink: PacketSink) {
    this.#log = log;
    this.#sink = sink;
    this.#running = this.#run();
  }

  async #run(): Promise<void> {
    while (!this.#isEnded) {
      if (this.#log.drain(PORTION, this.#sink) < PORTION) await sleep(IDLE_MS);
      else await nextTurn();
    }
  }

  /** Drains the rest when the run is over; returns how many rows were written and how many were left out. */
  async end(): Promise<{ readonly rows: number; readonly omitted: number }> {
    this.#isEnded = true;
    await this.#running;
    while (this.#log.drain(PORTION, this.#sink) === PORTION) await nextTurn();
    this.#log.end(this.#sink);
    const { unwritten } = this.#sink;
    return { rows: this.#log.rows - unwritten, omitted: this.#log.omitted + unwritten };
  }
}
