/** The receive buffer of a TCP connection: how many octets the kernel accepts before they are read. Linux only. */
import { ptr } from "bun:ffi";
import { descriptorOf, setReceiveBuffer } from "./kernel.ts";
import { SOCKET_CALLS } from "./socket-calls.ts";

const SOL_SOCKET = 1;
/** Since Linux 5.16: with 0 the kernel adapts the sizes of the buffers again. */
const SO_BUF_LOCK = 72;
const IPPROTO_TCP = 6;
const TCP_WINDOW_CLAMP = 10;
const TCP_INFO = 11;
/** Fields of `struct tcp_info`, by their index in 32-bit units: the round trip (µs), and the longest segment of the peer. */
const INFO_ROUND_TRIP = 17;
const INFO_SEGMENT = 21;
const INFO_LENGTH = 22;

/** More than any window. */
const NO_CLAMP = 2 ** 30;
/** Requested when a limit ends; the kernel enlarges it from there if it can, and holds at most twice as much if it cannot. */
const WIDE_BYTES = 2 * 1024 * 1024;

/** What the kernel knows of the path to the peer of a connection. */
export interface StreamPeer {
  /** Most octets of a segment that the peer sends. */
  readonly segmentBytes: number;
  readonly roundTripMs: number;
}

/** The path to the peer of an open connection; undefined where the system does not report it. */
export function streamPeer(socket: object): StreamPeer | undefined {
  const fd = descriptorOf(socket);
  if (fd === undefined) return undefined;
  const info = new Uint32Array(INFO_LENGTH);
  const length = Uint32Array.of(info.byteLength);
  if (SOCKET_CALLS?.getsockopt(fd, IPPROTO_TCP, TCP_INFO, ptr(info), ptr(length)) !== 0) return undefined;
  return { segmentBytes: info[INFO_SEGMENT] ?? 0, roundTripMs: (info[INFO_ROUND_TRIP] ?? 0) / 1000 };
}

function setOption(socket: object, level: number, option: number, value: number): void {
  const fd = descriptorOf(socket);
  const data = Int32Array.of(value);
  if (fd !== undefined) SOCKET_CALLS?.setsockopt(fd, level, option, ptr(data), data.byteLength);
}

/**
 * Limits the octets that the kernel accepts before they are read to about `bytes`. The kernel doubles a requested size, and its own
 * data for each packet count too. What it has accepted before stays; a window that is open does not shrink, so that
 * the kernel can drop what the peer sends into it, and TCP sends that again. Returns whether the kernel did it.
 */
export function limitStreamBuffer(socket: object, bytes: number): boolean {
  if (!setReceiveBuffer(socket, Math.ceil(bytes / 2))) return false;
  // The kernel has adapted its limit of the window to a smaller buffer, and does not raise it for a larger one.
  setOption(socket, IPPROTO_TCP, TCP_WINDOW_CLAMP, NO_CLAMP);
  return true;
}

/** Ends a limit: the kernel adapts the buffer to the throughput again (Linux 5.16), or keeps a large one. */
export function releaseStreamBuffer(socket: object): void {
  limitStreamBuffer(socket, 2 * WIDE_BYTES);
  setOption(socket, SOL_SOCKET, SO_BUF_LOCK, 0);
}
