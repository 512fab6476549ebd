/**
 * When the kernel received what was read last from a socket. Bun passes data without these times, so they are read
 * through the C library. Where the system is not Linux there are none.
 */
import { ptr } from "bun:ffi";
import { descriptorOf } from "./kernel.ts";
import { SOCKET_CALLS } from "./socket-calls.ts";

/** ioctl for the time at which the kernel received the datagram that was read last, as two 64-bit numbers. */
const SIOCGSTAMPNS = 0x8907;
const IPPROTO_TCP = 6;
/** getsockopt for struct tcp_info. Its 32-bit word 13 is tcpi_last_data_recv, ms since data arrived last. */
const TCP_INFO = 11;
const LAST_DATA_RECEIVED = 13;
/** The clock that advances with the kernel's timer interrupt, in which TCP measures that time. */
const CLOCK_MONOTONIC_COARSE = 6;
/** Longest period of that interrupt in any configuration of Linux (100 Hz), ms. */
const LONGEST_TICK_MS = 10;

/**
 * Reads when the kernel received the datagram that was read last from a UDP socket, ms since the Unix epoch with a
 * fraction; undefined where the system has no such time. Of several datagrams that the runtime reads in one call it is
 * the time of the last. The first call switches the timestamps on. A call costs 0.5 µs.
 */
export function receiveTimesOf(socket: object): () => number | undefined {
  const fd = descriptorOf(socket);
  const calls = SOCKET_CALLS;
  if (fd === undefined || calls === undefined) return () => undefined;
  const time = new BigInt64Array(2);
  const read = () => {
    const isRead = calls.ioctl(fd, SIOCGSTAMPNS, ptr(time)) === 0;
    return isRead ? Number(time[0]) * 1000 + Number(time[1]) / 1e6 : undefined;
  };
  read();
  return read;
}

/**
 * Reads how long ago the kernel received the data that arrived last on a TCP socket, ms: a lower bound, less than two
 * ticks of the kernel (1 to 10 ms each) below the true time. Undefined where the system does not report it, and of a
 * closed socket. A call costs 1 µs.
 */
export function dataAgeOf(socket: object): () => number | undefined {
  const calls = SOCKET_CALLS;
  if (calls === undefined) return () => undefined;
  const info = new Uint32Array(LAST_DATA_RECEIVED + 1);
  const length = new Uint32Array(1);
  const tick = tickMs(calls);
  return () => {
    const fd = descriptorOf(socket);
    length[0] = info.byteLength;
    if (fd === undefined || calls.getsockopt(fd, IPPROTO_TCP, TCP_INFO, ptr(info), ptr(length)) !== 0) return undefined;
    return Math.max(0, (info[LAST_DATA_RECEIVED] ?? 0) - tick);
  };
}

/** The period of the kernel's timer interrupt, ms. */
function tickMs(calls: NonNullable<typeof SOCKET_CALLS>): number {
  const resolution = new BigInt64Array(2);
  const isRead = calls.clock_getres(CLOCK_MONOTONIC_COARSE, ptr(resolution)) === 0;
  return isRead ? Math.ceil(Number(resolution[1]) / 1e6) : LONGEST_TICK_MS;
}
