import { expect, test } from "bun:test";
import { choose, followBackend } from "../../src/relay/backend.ts";
import { until } from "../support/until.ts";

test("the first backend is the numerically lowest address", () => {
  expect(choose(undefined, ["172.18.0.10", "172.18.0.9"])).toBe("172.18.0.9");
});

test("the backend changes only when the name no longer resolves to it", () => {
  expect(choose("172.18.0.4", ["172.18.0.2", "172.18.0.4"])).toBe("172.18.0.4");
  expect(choose("172.18.0.4", ["172.18.0.3", "172.18.0.2"])).toBe("172.18.0.2");
  expect(choose("172.18.0.4", [])).toBeUndefined();
});

test("the backend has no address after a failed look-up, and the next address after a successful one", async () => {
  let found: readonly string[] | undefined = ["10.0.0.1"];
  using backend = await followBackend("lab", 1, async () => {
    if (found === undefined) throw new Error("SERVFAIL");
    return found;
  });
  expect(backend.address).toBe("10.0.0.1");
  found = undefined;
  await until(() => backend.address === undefined, "no address");
  found = ["10.0.0.2"];
  expect(await until(() => backend.address, "the next address")).toBe("10.0.0.2");
});

test("an IPv4 address is used without a look-up", async () => {
  using backend = await followBackend("127.0.0.1", 60_000);
  expect(backend.address).toBe("127.0.0.1");
});
