/**
 * Selects the local ports of connections that have a local address. Without a port the kernel searches one that no connection of
 * the last minute had: after 14,000 of them that takes milliseconds each, which hold the event loop, and after 28,000 there is none.
 * A port that is given can be used again at once.
 */
import { readFileSync } from "node:fs";

/** The range of Linux where the system does not report it. */
const DEFAULT_RANGE = [32_768, 60_999] as const;

/** The first and the last port that the system gives to connections. */
function portRange(): readonly [number, number] {
  try {
    const text = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "latin1");
    const [first = 0, last = 0] = text.trim().split(/\s+/).map(Number);
    return first > 0 && last > first ? [first, last] : DEFAULT_RANGE;
  } catch {
    return DEFAULT_RANGE;
  }
}

/** The ports within that range which the system keeps for services: `8080,9148-9150`. */
function reservedPorts(): ReadonlySet<number> {
  try {
    const text = readFileSync("/proc/sys/net/ipv4/ip_local_reserved_ports", "latin1").trim();
    const ranges = text === "" ? [] : text.split(",").map((range) => range.split("-").map(Number));
    return new Set(
      ranges.flatMap(([from = 0, to = from]) => Array.from({ length: to - from + 1 }, (_, i) => from + i)),
    );
  } catch {
    return new Set();
  }
}

const [FIRST, LAST] = portRange();
const PORTS = LAST - FIRST + 1;
const RESERVED = reservedPorts();

const anywhere = () => Math.floor(Math.random() * PORTS);

/** Where the next search begins. It differs from process to process, because their relays have the same address. */
let next = anywhere();

/**
 * The next port in turn that is not reserved and that `isUsed` does not exclude. Another process can use it: the connection fails
 * then with an error of PORT_ERRORS, and the next `attempt` (the first is 1) begins at another place, because that process can use
 * those behind it too.
 */
export function nextSourcePort(isUsed: (port: number) => boolean, attempt = 1): number {
  if (attempt > 1) next = anywhere();
  for (let tried = 0; tried < PORTS; tried++) {
    next = (next + 1) % PORTS;
    if (!RESERVED.has(FIRST + next) && !isUsed(FIRST + next)) break;
  }
  return FIRST + next;
}

/** The codes of errors after which another port can be tried. */
export const PORT_ERRORS: ReadonlySet<string> = new Set(["EADDRINUSE", "EADDRNOTAVAIL"]);
