/** Fixed backends for the tests of relays. */
import type { Backend } from "../../src/relay/backend.ts";

/** A backend with one address, or with none. */
export function backendAt(address: string | undefined): Backend {
  return { address, [Symbol.dispose]() {} };
}
