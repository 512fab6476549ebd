/**
 * Operating-system calls: socket receive buffers, kernel drop counters and process statistics.
 * Without Linux's /proc or its C library each function returns its neutral value. Besides the entry points this is the
 * only module that reads `process`.
 */
import { ptr } from "bun:ffi";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { SOCKET_CALLS } from "./socket-calls.ts";

/** Path of the program that runs this code, for starting another process. */
export const runtimePath = process.execPath;

/**
 * Awaits `load` without the warnings of the type `ExperimentalWarning` that begin with `subject`. The runtime would print
 * them between the lines of a report.
 */
export async function withoutExperimentalWarning<T>(subject: string, load: () => Promise<T>): Promise<T> {
  const { emitWarning } = process;
  // The function has several signatures; all arguments are passed on.
  process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
    const [type] = rest;
    const isExperimental = type === "ExperimentalWarning" && String(warning).startsWith(subject);
    if (!isExperimental) Reflect.apply(emitWarning, process, [warning, ...rest]);
  }) as typeof emitWarning;
  try {
    return await load();
  } finally {
    process.emitWarning = emitWarning;
  }
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
/** Reads nine counters of 32 bits about the memory of a socket, of which the last is the number of dropped datagrams. */
const SO_MEMINFO = 55;
const MEMINFO_VALUES = 9;
const MEMINFO_DROPS = 8;

/** The file's text, or undefined where it cannot be read. */
function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return undefined;
  }
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
  const value = Int32Array.of(bytes);
  const set = (option: number) => SOCKET_CALLS?.setsockopt(fd, SOL_SOCKET, option, ptr(value), value.byteLength) === 0;
  return set(SO_RCVBUFFORCE) || set(SO_RCVBUF);
}

/** Whether the runtime reads each ICMP error from the error queue of a UDP socket (Linux), also one that a call reports first. */
export const hasErrorQueue = SOCKET_CALLS !== undefined;

const SO_ATTACH_FILTER = 26;
const SO_DETACH_FILTER = 27;
/** A classic BPF program of one instruction that returns 0, the number of octets to keep (`BPF_RET | BPF_K` of linux/filter.h). */
const KEEP_NOTHING = Uint8Array.of(6, 0, 0, 0, 0, 0, 0, 0);

/** Makes the kernel drop what arrives at a socket, or keep it again. Without effect where the system does not support it. */
export function setDropping(socket: object, isDropping: boolean): void {
  const fd = descriptorOf(socket);
  if (fd === undefined || SOCKET_CALLS === undefined) return;
  // struct sock_fprog: the number of instructions, and their address.
  const program = BigUint64Array.of(1n, BigInt(ptr(KEEP_NOTHING)));
  const option = isDropping ? SO_ATTACH_FILTER : SO_DETACH_FILTER;
  SOCKET_CALLS.setsockopt(fd, SOL_SOCKET, option, ptr(program), program.byteLength);
}

/** Datagrams that the kernel dropped at a socket; undefined where the system does not report it (Linux 4.12 does). */
function dropsAt(socket: object): number | undefined {
  const fd = descriptorOf(socket);
  if (fd === undefined) return undefined;
  const values = new Uint32Array(MEMINFO_VALUES);
  const length = Uint32Array.of(values.byteLength);
  if (SOCKET_CALLS?.getsockopt(fd, SOL_SOCKET, SO_MEMINFO, ptr(values), ptr(length)) !== 0) return undefined;
  return values[MEMINFO_DROPS];
}

/**
 * Datagrams that the kernel dropped at these UDP sockets because a receive buffer was full. Undefined where the system does
 * not report it. The kernel is asked for each socket: /proc/net/udp has a line for each socket of the machine.
 */
export function receiveBufferDrops(sockets: Iterable<object>): number | undefined {
  if (SOCKET_CALLS === undefined) return undefined;
  return Array.from(sockets, dropsAt).reduce<number>((sum, drops) => sum + (drops ?? 0), 0);
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
