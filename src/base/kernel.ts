/**
 * What only the operating system can tell or do: receive buffers, what the kernel dropped, the process's own use.
 * On a system without Linux's /proc or its C library each of these gives its neutral value and nothing fails.
 * Beside main.ts the one place that asks `process` anything.
 */
import { dlopen, FFIType, ptr } from "bun:ffi";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** The program that runs this code, to start another process with. */
export const runtimePath = process.execPath;

/** What the process has used and holds. */
export interface ProcessUsage {
  readonly userSeconds: number;
  readonly systemSeconds: number;
  readonly residentBytes: number;
  /** 0 where the system does not tell. */
  readonly openFiles: number;
  readonly maxFiles: number;
  /** Seconds since the Unix epoch. */
  readonly startTime: number;
}

const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_RCVBUFFORCE = 33;

function readText(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

type SetSocketOption = (fd: number, level: number, option: number, value: number, length: number) => number;
let setSocketOption: SetSocketOption | undefined;

/** Linux's setsockopt for options of one integer; elsewhere the numbers above mean other things, so it does nothing. */
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
      // the next name, or none
    }
  }
  return () => -1;
}

/**
 * Asks for a receive buffer of `bytes` on the socket `fd`: past the system's limit where the process may, else up to
 * it. Bun has no setter of its own. Returns whether the kernel took either.
 */
export function setReceiveBuffer(fd: number, bytes: number): boolean {
  setSocketOption ??= loadSetSocketOption();
  if (setSocketOption(fd, SOL_SOCKET, SO_RCVBUFFORCE, bytes, 4) === 0) return true;
  return setSocketOption(fd, SOL_SOCKET, SO_RCVBUF, bytes, 4) === 0;
}

/** The inode of the socket behind `fd`, as /proc/net/* names it; undefined where the system does not tell. */
function socketInode(fd: number): string | undefined {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1];
  } catch {
    return undefined;
  }
}

/** Datagrams that the kernel dropped at the UDP socket `fd`, most often because its receive buffer was full. */
export function receiveBufferDrops(fd: number): number {
  const inode = socketInode(fd);
  if (inode === undefined) return 0;
  for (const path of ["/proc/net/udp", "/proc/net/udp6"]) {
    for (const line of readText(path).split("\n")) {
      const columns = line.trim().split(/\s+/);
      if (columns[9] === inode) return Number(columns[12]);
    }
  }
  return 0;
}

/** TCP connections established on the local `port`. */
export function establishedConnections(port: number): number {
  const ending = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  let count = 0;
  for (const path of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    for (const line of readText(path).split("\n")) {
      const columns = line.trim().split(/\s+/);
      if (columns[3] === "01" && columns[1]?.endsWith(ending)) count++;
    }
  }
  return count;
}

function countOpenFiles(): number {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return 0;
  }
}

/** The process's own use of the machine, now. */
export function processUsage(): ProcessUsage {
  const { user, system } = process.cpuUsage();
  const limit = /Max open files\s+(\d+)/.exec(readText("/proc/self/limits"))?.[1];
  return {
    userSeconds: user / 1e6,
    systemSeconds: system / 1e6,
    residentBytes: process.memoryUsage.rss(),
    openFiles: countOpenFiles(),
    maxFiles: Number(limit ?? 0),
    startTime: performance.timeOrigin / 1000,
  };
}
