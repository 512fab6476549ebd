/**
 * A relay at 10.9.9.9 and clients of the same address, in a network namespace with four ports for connections: those of the
 * clients and of the relay have the same local ports. With the argument `loop` its upstream is its own port under another number,
 * by a rule of the packet filter. Prints the answers, the loops that were counted, and the connections that remain, as JSON.
 */
import { connectPeer, listenEcho, openTestRelay } from "../../relay/support/tcp.ts";
import { until } from "../../support/until.ts";

const HOST = "10.9.9.9";
/** The port of the relay, and the one that the filter redirects to it. */
const [RELAY_PORT, REDIRECTED, ECHO_PORT] = [8000, 7000, 6000];
const isLoop = process.argv[2] === "loop";

using echo = listenEcho(HOST, ECHO_PORT);
const upstream = isLoop ? REDIRECTED : echo.port;
await using relay = await openTestRelay(upstream, { host: HOST, listenHost: HOST, listenPort: RELAY_PORT });
const clients = await Promise.all(Array.from({ length: isLoop ? 1 : 4 }, () => connectPeer(RELAY_PORT, HOST)));
for (const client of clients) client.send("x");
await until(() => clients.every(({ state, length }) => state !== "open" || length === 1), "answers or ends");
const answers = clients.map(({ state, length }) => (state === "open" ? length : state));
for (const client of clients) client.reset();
await until(() => relay.open.size === 0, "the end of all");
console.log(JSON.stringify({ answers, loops: relay.upstreamErrors.get("loop"), open: relay.open.size }));
process.exit(0);
