/** Linux's calls about sockets and their clock, for which Bun has no functions. */
import { dlopen, FFIType } from "bun:ffi";

/** Octets of the longest socket address, `struct sockaddr_in6`. */
export const ADDRESS_LENGTH = 28;
/** Linux's numbers of the families of addresses. */
export const AF_INET = 2;
export const AF_INET6 = 10;
/** The argument of `shutdown` that ends both directions. */
export const SHUT_RDWR = 2;

function load() {
  const { i32, i64, pointer, u32, u64 } = FFIType;
  // Names of Linux alone: the constants and structures of other systems differ.
  for (const library of ["libc.so.6", "libc.so"]) {
    try {
      return dlopen(library, {
        close: { args: [i32], returns: i32 },
        connect: { args: [i32, pointer, u32], returns: i32 },
        dup3: { args: [i32, i32, i32], returns: i32 },
        fcntl: { args: [i32, i32, i32], returns: i32 },
        clock_getres: { args: [i32, pointer], returns: i32 },
        getpeername: { args: [i32, pointer, pointer], returns: i32 },
        getsockname: { args: [i32, pointer, pointer], returns: i32 },
        getsockopt: { args: [i32, i32, i32, pointer, pointer], returns: i32 },
        ioctl: { args: [i32, u64, pointer], returns: i32 },
        sendto: { args: [i32, pointer, u64, i32, pointer, u32], returns: i64 },
        setsockopt: { args: [i32, i32, i32, pointer, u32], returns: i32 },
        shutdown: { args: [i32, i32], returns: i32 },
        socket: { args: [i32, i32, i32], returns: i32 },
      }).symbols;
    } catch {
      // try the next name
    }
  }
  return undefined;
}

/** The calls of the C library; undefined on other systems, and where the library cannot be loaded. */
export const SOCKET_CALLS = load();
