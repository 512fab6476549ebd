/**
 * Operating-system calls: socket receive buffers, kernel drop counters and process statistics.
 * Without Linux's /proc or its C library each function returns its neutral value. Besides the entry points this is the
 * only module that reads `process`.
 */
import { dlopen, FFIType, ptr } from "bun:ffi";
import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";

/** Path of the program that runs this code, for starting another process. */
export const runtimePath = process.execPath;

/** Whether the system has Linux's calls and their constants. */
export const isLinux = process.platform === "linux";

/**
 * Calls `open` and removes the listeners for the end of the process that it adds. They would hold everything to which they
 * refer for as long as the process runs.
 */
export function withoutExitListeners<T>(open: () => T): T {
  const before = new Set(process.listeners("beforeExit"));
  const opened = open();
  for (const listener of process.listeners("beforeExit")) {
    if (!before.has(listener)) process.off("beforeExit", listener);
  }
  return opened;
}

/** Resources that the process has used and holds. */
export interface ProcessUsage {
  readonly userSeconds: number;
  readonly systemSeconds: number;
  readonly residentBytes: number;
  /** 0 where the system does not report it, as for the next field. */
  readonly openFiles: number;
  readonly maxFiles: number;
  /** Seconds since the Unix epoch. */
  readonly startTime: number;
}

const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_RCVBUFFORCE = 33;

/** The file's text, or undefined where it cannot be read. */
function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return undefined;
  }
}

type SetSocketOption = (fd: number, level: number, option: number, value: number, length: number) => number;
let setSocketOption: SetSocketOption | undefined;

/** Linux's setsockopt for options of one integer. On other systems the constants above differ, so it does nothing. */
function loadSetSocketOption(): SetSocketOption {
  if (!isLinux) return () => -1;
  const { i32, pointer, u32 } = FFIType;
  for (const library of ["libc.so.6", "libc.so"]) {
    try {
      const { symbols } = dlopen(library, { setsockopt: { args: [i32, i32, i32, pointer, u32], returns: i32 } });
      const cell = new Int32Array(1);
      return (fd, level, option, value, length) => {
        cell[0] = value;
        return symbols.setsockopt(fd, level, option, ptr(cell), length);
      };
    } catch {
      // try the next name
    }
  }
  return () => -1;
}

/** The file descriptor of a Bun socket; undefined where the runtime has none (bun-types does not declare it). */
export function descriptorOf(socket: object): number | undefined {
  return "fd" in socket && typeof socket.fd === "number" && socket.fd >= 0 ? socket.fd : undefined;
}

/**
 * Requests a receive buffer of `bytes` for a socket: beyond net.core.rmem_max where the process may, otherwise up to it.
 * Bun has no setter. Returns whether the kernel accepted either.
 */
export function setReceiveBuffer(socket: object, bytes: number): boolean {
  const fd = descriptorOf(socket);
  if (fd === undefined) return false;
  setSocketOption ??= loadSetSocketOption();
  if (setSocketOption(fd, SOL_SOCKET, SO_RCVBUFFORCE, bytes, 4) === 0) return true;
  return setSocketOption(fd, SOL_SOCKET, SO_RCVBUF, bytes, 4) === 0;
}

/** The inode of a socket, by which /proc/net identifies it; undefined where the system does not report it. */
function inodeOf(socket: object): string | undefined {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${descriptorOf(socket)}`))?.[1];
  } catch {
    return undefined;
  }
}

/**
 * Datagrams that the kernel dropped at these UDP sockets because a receive buffer was full: the column `drops` of
 * /proc/net/udp and udp6. Undefined where the system does not report it.
 */
export function receiveBufferDrops(sockets: Iterable<object>): number | undefined {
  const inodes = Array.from(sockets, inodeOf).filter((inode) => inode !== undefined);
  const tables = ["/proc/net/udp", "/proc/net/udp6"].map(readText).filter((table) => table !== undefined);
  if (tables.length === 0) return undefined;
  return tables.reduce((sum, table) => sum + inodes.reduce((drops, inode) => drops + dropsIn(table, inode), 0), 0);
}

/** The drops in the line of an inode. The other lines are not split, because there can be many. */
function dropsIn(table: string, inode: string): number {
  for (let at = table.indexOf(` ${inode} `); at >= 0; at = table.indexOf(` ${inode} `, at + 1)) {
    const end = table.indexOf("\n", at);
    const line = table.slice(table.lastIndexOf("\n", at) + 1, end < 0 ? undefined : end);
    const columns = line.trim().split(/\s+/);
    if (columns[9] === inode) return Number(columns[12] ?? 0);
  }
  return 0;
}

function countOpenFiles(): number {
  try {
    const { size } = statSync("/proc/self/fd"); // the number of entries since Linux 6.2
    if (size > 0) return size;
    return readdirSync("/proc/self/fd").length;
  } catch {
    return 0;
  }
}

/** Resource use of this process now. */
export function processUsage(): ProcessUsage {
  const { user, system } = process.cpuUsage();
  const limit = /Max open files\s+(\d+)/.exec(readText("/proc/self/limits") ?? "")?.[1];
  return {
    userSeconds: user / 1e6,
    systemSeconds: system / 1e6,
    residentBytes: process.memoryUsage.rss(),
    openFiles: countOpenFiles(),
    maxFiles: Number(limit ?? 0),
    startTime: performance.timeOrigin / 1000,
  };
}
