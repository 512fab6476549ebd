/** The rows of the UDP relay: its rate relative to the echo server behind it, and the delay that it adds. */
import { bunClient, median, type Server, serverOf } from "./processes.ts";
import { type Comparison, emptySide, type Figure, type Row, type Side } from "./row.ts";
import type { Effort } from "./servers.ts";

/** Time for which each server gets traffic before the first run, s: the runtime optimizes its code. */
const WARM_UP_S = 1;
/** Round trips of a run before those that count. */
const WARM_UP_TRIPS = 500;
const PACKET = Buffer.alloc(64);

/** Measures the rate of 64 datagrams in flight; the processor time of the other side is that of the echo server alone. */
async function benchRate({ pairs, seconds }: Effort): Promise<Comparison> {
  using echo = await serverOf("baseline", ["udp"]);
  using relay = await serverOf("relay-udp-server", [`${echo.port}`]);
  const sides: { server: Server; side: Side }[] = [echo, relay].map((server) => ({ server, side: emptySide() }));
  for (const { server } of sides) await bunClient("udp", server.port, WARM_UP_S);
  for (let pair = 0; pair < pairs; pair++) {
    for (const { server, side } of pair % 2 ? sides.toReversed() : sides) {
      const startedAt = server.cpuMicros();
      const { packets, rate } = await bunClient("udp", server.port, seconds);
      side.rates.push(rate);
      side.cpu.push((server.cpuMicros() - startedAt) / packets);
    }
  }
  const [theirs = emptySide(), ours = emptySide()] = sides.map(({ side }) => side);
  const what = "UDP relay, 64 bytes, 64 in flight, two hops";
  const against = "the `Bun.udpSocket` echo behind it, without the relay";
  return { name: "relay-udp", what, against, goal: { rate: 0.45 }, ours, theirs };
}

/** The median of the round trips of one datagram at a time, µs. */
async function roundTrip(port: number, seconds: number): Promise<number> {
  const trips: number[] = [];
  let sentAt = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const endAt = performance.now() + seconds * 1000;
  const received = () => {
    const now = performance.now();
    trips.push((now - sentAt) * 1000);
    if (now > endAt) return resolve();
    sentAt = performance.now();
    socket.send(PACKET);
  };
  const handlers = { data: received, error() {} };
  const socket = await Bun.udpSocket({ connect: { hostname: "127.0.0.1", port }, socket: handlers });
  sentAt = performance.now();
  socket.send(PACKET);
  await promise;
  socket.close();
  return median(trips.slice(WARM_UP_TRIPS));
}

/** Measures what the relay adds to the median round trip, with one datagram at a time. */
async function benchDelay({ pairs, seconds }: Effort): Promise<Figure> {
  using echo = await serverOf("baseline", ["udp"]);
  using relay = await serverOf("relay-udp-server", [`${echo.port}`]);
  for (const { port } of [echo, relay]) await roundTrip(port, WARM_UP_S);
  const [direct, through]: [number[], number[]] = [[], []];
  for (let pair = 0; pair < pairs; pair++) {
    direct.push(await roundTrip(echo.port, seconds));
    through.push(await roundTrip(relay.port, seconds));
  }
  const value = median(through.map((micros, i) => micros - (direct[i] ?? Number.NaN)));
  const note = `${median(direct).toFixed(0)} µs without it`;
  const what = "median round trip that the UDP relay adds, both ways, one datagram at a time";
  return { name: "relay-udp-delay", what, against: "–", value, unit: "µs", goal: 60, note };
}

/** The rows by name. */
export const RELAY_UDP_ROWS: Readonly<Record<string, (effort: Effort) => Promise<Row>>> = {
  "relay-udp": benchRate,
  "relay-udp-delay": benchDelay,
};
