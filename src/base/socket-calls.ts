/** Linux's calls about sockets, for which Bun has no functions. */
import { dlopen, FFIType } from "bun:ffi";

function load() {
  const { i32, pointer, u32 } = FFIType;
  // Names of Linux alone: the constants and structures of other systems differ.
  for (const library of ["libc.so.6", "libc.so"]) {
    try {
      return dlopen(library, {
        getsockname: { args: [i32, pointer, pointer], returns: i32 },
        getsockopt: { args: [i32, i32, i32, pointer, pointer], returns: i32 },
        setsockopt: { args: [i32, i32, i32, pointer, u32], returns: i32 },
        shutdown: { args: [i32, i32], returns: i32 },
      }).symbols;
    } catch {
      // try the next name
    }
  }
  return undefined;
}

/** The calls of the C library; undefined on other systems, and where the library cannot be loaded. */
export const SOCKET_CALLS = load();
