/** The runtime's HTTP/3 server and client, with a UDP relay between them that loses datagrams: QUIC sends again what was lost. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { DIRECTIONS } from "../../../src/faults/faults.ts";
import { wilson } from "../../../src/load/measure/statistics/estimates.ts";
import { rankOf } from "../../../src/load/measure/statistics/rank.ts";
import type { Relay } from "../../../src/relay/relay.ts";
import { valid } from "../../load/support/certificates.ts";
import { relayTo } from "./support.ts";

setDefaultTimeout(60_000);

const [REQUESTS, AT_ONCE] = [2000, 8] as const;

/** Sends the requests, AT_ONCE at a time; returns how many got their own answer, and the sorted times, ms. */
async function request(port: number) {
  const times: number[] = [];
  let [next, answered] = [0, 0];
  const inTurn = async () => {
    for (let index = next++; index < REQUESTS; index = next++) {
      const start = performance.now();
      const options = { protocol: "http3", tls: { rejectUnauthorized: false } } as const;
      const answer = await fetch(`https://127.0.0.1:${port}/${index}`, options);
      if ((await answer.text()) === `/${index}`) answered++;
      times.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, inTurn));
  return { answered, times: times.sort((a, b) => a - b) };
}

/** The time that the share `q` of the requests did not exceed. */
const quantile = (times: readonly number[], q: number) => times[rankOf(q, times.length) - 1] ?? Number.NaN;

test("20 % of the datagrams lost in each direction: every request is answered, some later", async () => {
  await using server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    http1: false,
    http3: true,
    tls: valid,
    fetch: ({ url }) => new Response(new URL(url).pathname),
  });
  const port = server.port ?? 0;
  await using clean = await relayTo("udp", port);
  await using lossy = await relayTo("udp", port, "drop=0.2/0.2");
  const through = async (relay: Relay) => {
    const { answered, times } = await request(relay.port);
    expect(answered).toBe(REQUESTS);
    return { p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
  };
  const without = await through(clean);
  const withLoss = await through(lossy);
  for (const direction of DIRECTIONS) {
    expect(clean.counts[direction].dropped).toBe(0);
    const { packetsIn, packetsOut, dropped, drops, waiting } = lossy.counts[direction];
    expect(dropped).toBe(drops.get("drop"));
    expect(packetsIn).toBe(packetsOut + dropped + waiting);
    const { low, high } = wilson(dropped, packetsIn);
    expect(0.2).toBeWithin(low - 0.02, high + 0.02);
  }
  // QUIC sends again after a round trip or its probe timeout: late, and the median is not.
  expect(withLoss.p99).toBeGreaterThan(without.p50);
  const text = ({ p50, p99 }: typeof without) => `p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(1)} ms`;
  const { up, down } = lossy.counts;
  console.info(
    `HTTP/3, ${REQUESTS} requests: ${text(without)}; with loss ${text(withLoss)}, lost ${up.dropped} of`,
    `${up.packetsIn} datagrams up and ${down.dropped} of ${down.packetsIn} down`,
  );
});
