/** What only the kernel can tell or change about a UDP socket, on Linux: its receive buffer and what overflowed from it. */
import { dlopen, FFIType, ptr } from "bun:ffi";
import { readFileSync } from "node:fs";

const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_RCVBUFFORCE = 33;
const LIBRARIES = ["libc.so.6", "libc.so"];

function openLibrary() {
  for (const name of LIBRARIES) {
    try {
      return dlopen(name, {
        setsockopt: {
          args: [FFIType.i32, FFIType.i32, FFIType.i32, FFIType.ptr, FFIType.u32],
          returns: FFIType.i32,
        },
      });
    } catch {
      // Another C library, or another system: the next name, or no bigger buffer.
    }
  }
  return undefined;
}

let library: ReturnType<typeof openLibrary> | undefined;

/**
 * Asks for a receive buffer of `bytes` for the socket with descriptor `fd`; beyond the system's limit
 * (net.core.rmem_max) where this process may. Gives whether the kernel agreed to anything.
 */
export function growReceiveBuffer(fd: number, bytes: number): boolean {
  library ??= openLibrary();
  if (library === undefined) return false;
  const value = new Int32Array([bytes]);
  const set = (option: number) => library?.symbols.setsockopt(fd, SOL_SOCKET, option, ptr(value), 4) === 0;
  return set(SO_RCVBUFFORCE) || set(SO_RCVBUF);
}

/** The descriptor of a socket, which Bun has but its types do not name. */
export function descriptorOf(socket: object): number | undefined {
  return "fd" in socket && typeof socket.fd === "number" ? socket.fd : undefined;
}

/** Receive-buffer drops by local port from the text of /proc/net/udp or udp6: the last column, summed over sockets. */
export function dropsByPort(text: string): Map<number, number> {
  const drops = new Map<number, number>();
  for (const line of text.split("\n").slice(1)) {
    const fields = line.trim().split(/\s+/);
    const port = Number.parseInt(fields[1]?.split(":")[1] ?? "", 16);
    const dropped = Number(fields.at(-1));
    if (port > 0 && dropped >= 0) drops.set(port, (drops.get(port) ?? 0) + dropped);
  }
  return drops;
}

/** What the kernel dropped so far for sockets on these local ports; undefined where it does not tell. */
export function receiveBufferDrops(ports: Iterable<number>): number | undefined {
  let sum: number | undefined;
  for (const table of ["/proc/net/udp", "/proc/net/udp6"]) {
    let text: string;
    try {
      text = readFileSync(table, "latin1");
    } catch {
      continue;
    }
    const drops = dropsByPort(text);
    sum ??= 0;
    for (const port of ports) sum += drops.get(port) ?? 0;
  }
  return sum;
}
