/**
 * Counts the established TCP connections of a local port, from Linux's /proc/net/tcp. The file has a line for each
 * socket of the machine, also for thousands in TIME_WAIT, so it is read by another thread and searched part by part.
 */
import { open } from "node:fs/promises";
import { within } from "./clock.ts";

const TABLES = [
  { path: "/proc/net/tcp", addressLength: 8 },
  { path: "/proc/net/tcp6", addressLength: 32 },
] as const;
/** Octets that are read and searched in one turn of the event loop. */
const PART_BYTES = 64 * 1024;
/** The longest line of a table has fewer octets. */
const LONGEST_LINE = 512;
const LEAST_INTERVAL_MS = 1000;
/**
 * Longest wait for a new count. The kernel gives 4 KiB of a table at a time, and under load each part takes a turn of the
 * event loop: with 10,000 sockets a count can take seconds.
 */
const MOST_WAIT_MS = 500;
/** Part of the time that reading may take. */
const TIME_SHARE = 0.01;

const COLON = 0x3a;
const ZERO = 0x30;
/** The second digit of the state ESTABLISHED, `01`. */
const ESTABLISHED = 0x31;

/** Counts in `part` the lines with the local port of `needle` (`:1388 `) in the state ESTABLISHED. */
export function countIn(part: Buffer, needle: string, addressLength: number): number {
  let count = 0;
  for (let at = part.indexOf(needle, 0, "latin1"); at >= 0; at = part.indexOf(needle, at + 1, "latin1")) {
    const remotePort = at + needle.length + addressLength; // otherwise the match is the remote port
    const state = remotePort + needle.length;
    if (part[remotePort] === COLON && part[state] === ZERO && part[state + 1] === ESTABLISHED) count++;
  }
  return count;
}

async function countInTable(path: string, addressLength: number, needle: string): Promise<number> {
  await using file = await open(path);
  const buffer = Buffer.allocUnsafe(PART_BYTES + LONGEST_LINE);
  let kept = 0;
  let count = 0;
  for (;;) {
    const { bytesRead } = await file.read(buffer, kept, PART_BYTES, null);
    if (bytesRead === 0) return count;
    const filled = buffer.subarray(0, kept + bytesRead);
    const end = filled.lastIndexOf("\n") + 1;
    count += countIn(filled.subarray(0, end), needle, addressLength);
    kept = filled.length - end;
    if (kept > LONGEST_LINE) return count;
    filled.copy(buffer, 0, end);
  }
}

/** The number of established connections of one port, as it was when the tables were read last. */
export class ConnectionCount {
  readonly #needle: string;
  #count = 0;
  #readAt = Number.NEGATIVE_INFINITY;
  #tookMs = 0;
  #reading: Promise<void> | undefined;

  /** `countTable` counts the matches in one table. */
  constructor(
    port: number,
    private readonly countTable: typeof countInTable = countInTable,
  ) {
    this.#needle = `:${port.toString(16).toUpperCase().padStart(4, "0")} `;
  }

  /** The last count. Starts to read the tables again if it is a second old, or older where that takes long. */
  get latest(): number {
    if (performance.now() - this.#readAt >= this.#tookMs / TIME_SHARE) void this.refresh();
    return this.#count;
  }

  /**
   * Reads the tables, at most once a second. Without these tables the count stays 0. Resolves after half a second at the
   * latest; the count is then that of the time before.
   */
  async refresh(): Promise<void> {
    if (this.#reading === undefined && performance.now() - this.#readAt < LEAST_INTERVAL_MS) return;
    this.#reading ??= this.#read();
    await within(this.#reading, MOST_WAIT_MS);
  }

  async #read(): Promise<void> {
    this.#readAt = performance.now();
    const counts = TABLES.map(({ path, addressLength }) => this.countTable(path, addressLength, this.#needle));
    const settled = await Promise.allSettled(counts);
    this.#count = settled.reduce((sum, result) => sum + (result.status === "fulfilled" ? result.value : 0), 0);
    this.#tookMs = performance.now() - this.#readAt;
    this.#reading = undefined;
  }
}
