/** Ports for tests that have to know them before anything listens there. */

/** Ports below those that Linux gives to port 0, which every other test uses at the same time. */
const [FIRST_PORT, PORTS] = [20_000, 12_000] as const;

/** A TCP port that is free at the time of the call, and that no socket on port 0 gets. */
export function freePort(): number {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
    try {
      Bun.listen({ hostname: "127.0.0.1", port, socket: { data() {} } }).stop(true);
      return port;
    } catch {
      // in use
    }
  }
}
