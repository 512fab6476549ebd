/** The time that Redis needs through a TCP relay with a rate. */
import { expect, setDefaultTimeout } from "bun:test";
import { connectRedis, isEmptied, startRedis, withRedis } from "./redis-support.ts";
import { relayTo } from "./support.ts";

setDefaultTimeout(30_000);

withRedis("rate: a value arrives whole, in the time that its octets take", async () => {
  await using redis = await startRedis();
  await using relay = await relayTo("tcp", redis.port, "rate=0/8M");
  using client = await connectRedis(relay.port);
  const value = "wirelab ".repeat(50_000); // 400 kB: 0.4 s at 8 Mbit/s
  const uploaded = performance.now();
  await client.set("value", value); // upstream there is no rate
  const uploadMs = performance.now() - uploaded;
  const { bytesOut } = relay.counts.down;
  const start = performance.now();
  expect(await client.get("value")).toBe(value);
  const elapsedMs = performance.now() - start;
  const linkMs = ((relay.counts.down.bytesOut - bytesOut) * 8) / 8000;
  expect(uploadMs).toBeLessThan(linkMs);
  expect(linkMs).toBeWithin(400, 401);
  expect(elapsedMs).toBeWithin(linkMs * 0.99, linkMs * 1.05 + 100); // the processor may be busy
  expect(isEmptied(relay)).toBe(true);
});
