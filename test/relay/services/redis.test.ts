/** Redis behind a TCP relay, with its own client and that of the runtime. */
import { expect, setDefaultTimeout } from "bun:test";
import { parseLinkFaults } from "../../../src/faults/link-text.ts";
import { until } from "../../support/until.ts";
import { connectRedis, isEmptied, redisCli, startRedis, withRedis } from "./redis-support.ts";
import { relayTo } from "./support.ts";

setDefaultTimeout(30_000);

withRedis("reset: the client's blocking command ends with ECONNRESET, and Redis forgets the client", async () => {
  await using redis = await startRedis();
  await using relay = await relayTo("tcp", redis.port, "reset=1@200ms");
  const blocked = redisCli(relay.port, "BLPOP", "never", "0");
  const clients = async () => (await redisCli(redis.port, "CLIENT", "LIST", "TYPE", "normal")).out;
  await until(async () => (await clients()).includes("cmd=blpop"), "the command is blocked");
  expect(await blocked).toMatchObject({ status: 1, err: "Error: Connection reset by peer\n" });
  await until(async () => !(await clients()).includes("cmd=blpop"), "Redis has closed the connection");
  // The client tries once more with a new connection before it reports the error.
  await until(() => relay.open.size === 0, "no connection is open");
  relay.setFaults(parseLinkFaults("tcp", "none"));
  expect((await redisCli(relay.port, "PING")).out).toBe("PONG\n");
  expect(relay.isBalanced).toBe(true);
});

withRedis("stall: commands wait, and all are answered in order when it ends", async () => {
  await using redis = await startRedis();
  await using relay = await relayTo("tcp", redis.port);
  using client = await connectRedis(relay.port);
  expect(await client.incr("n")).toBe(1);
  relay.setFaults(parseLinkFaults("tcp", "stall=1/1"));
  const answers = Array.from({ length: 500 }, () => client.incr("n"));
  await until(() => relay.counts.up.waitingBytes >= 500 * "INCR n".length, "the commands wait in the relay");
  // Redis has not seen them, the connection is open, and other clients are served.
  expect((await redisCli(redis.port, "GET", "n")).out).toBe("1\n");
  expect(relay.open.size).toBe(1);
  relay.setFaults(parseLinkFaults("tcp", "none"));
  expect(await Promise.all(answers)).toEqual(Array.from({ length: 500 }, (_, index) => index + 2));
  expect((await redisCli(redis.port, "GET", "n")).out).toBe("501\n");
  expect(isEmptied(relay)).toBe(true);
});
