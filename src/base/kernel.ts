/**
 * Operating-system calls: socket receive buffers, kernel drop counters and process statistics.
 * Without Linux's /proc or its C library each function returns its neutral value. Besides the entry points this is the
 * only module that reads `process`.
 */
import { dlopen, FFIType, ptr } from "bun:ffi";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Path of the program that runs this code, for starting another process. */
export const runtimePath = process.execPath;

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

/** The rows of a table in /proc/net, split into columns; undefined where the system has no such table. */
function readTable(path: string): string[][] | undefined {
  return readText(path)
    ?.split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/));
}

/** Linux's ioctl for the time at which the kernel received the datagram that was read last, as two 64-bit numbers. */
const SIOCGSTAMPNS = 0x8907;

/**
 * Reads when the kernel received the datagram that was read last from a UDP socket, ms since the Unix epoch with a
 * fraction; undefined where the system has no such time. Of several datagrams that the runtime reads in one call it is
 * the time of the last. The first call switches the timestamps on. A call costs 0.5 µs.
 */
export function receiveTimesOf(socket: object): () => number | undefined {
  const fd = descriptorOf(socket);
  if (fd === undefined || process.platform !== "linux") return () => undefined;
  const { i32, pointer, u64 } = FFIType;
  try {
    const { symbols } = dlopen("libc.so.6", { ioctl: { args: [i32, u64, pointer], returns: i32 } });
    const time = new BigInt64Array(2);
    const read = () => {
      const isRead = symbols.ioctl(fd, SIOCGSTAMPNS, ptr(time)) === 0;
      return isRead ? Number(time[0]) * 1000 + Number(time[1]) / 1e6 : undefined;
    };
    read();
    return read;
  } catch {
    return () => undefined;
  }
}

type SetSocketOption = (fd: number, level: number, option: number, value: number, length: number) => number;
let setSocketOption: SetSocketOption | undefined;

/** Linux's setsockopt for options of one integer. On other systems the constants above differ, so it does nothing. */
function loadSetSocketOption(): SetSocketOption {
  if (process.platform !== "linux") return () => -1;
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
  const inodes = new Set(Array.from(sockets, inodeOf));
  const tables = ["/proc/net/udp", "/proc/net/udp6"].map(readTable).filter((table) => table !== undefined);
  if (tables.length === 0) return undefined;
  const rows = tables.flat().filter((columns) => inodes.has(columns[9]));
  return rows.reduce((sum, columns) => sum + Number(columns[12] ?? 0), 0);
}

function countOpenFiles(): number {
  try {
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
