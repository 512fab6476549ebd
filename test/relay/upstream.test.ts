import { expect, test } from "bun:test";
import { nextTurn } from "../../src/base/turns.ts";
import { followUpstream, inOrder, lookUp } from "../../src/relay/upstream.ts";
import { until } from "../support/until.ts";

test("the first upstream is the numerically lowest address, IPv4 before IPv6", () => {
  expect(inOrder(undefined, ["::1", "172.18.0.10", "172.18.0.9"])).toEqual(["172.18.0.9", "172.18.0.10", "::1"]);
});

test("the upstream changes only when the name no longer resolves to it; the others follow", () => {
  expect(inOrder("172.18.0.4", ["172.18.0.2", "172.18.0.4"])).toEqual(["172.18.0.4", "172.18.0.2"]);
  expect(inOrder("172.18.0.4", ["172.18.0.3", "172.18.0.2", "172.18.0.3"])).toEqual(["172.18.0.2", "172.18.0.3"]);
  expect(inOrder("172.18.0.4", [])).toEqual([]);
});

test("the upstream has no address after a failed look-up, and the next address after a successful one", async () => {
  let found: readonly string[] | undefined = ["10.0.0.1"];
  using upstream = await followUpstream("service", 7, 1, async () => {
    if (found === undefined) throw new Error("SERVFAIL");
    return found;
  });
  expect(upstream.address).toBe("10.0.0.1");
  found = undefined;
  await until(() => upstream.address === undefined, "no address");
  found = ["10.0.0.2"];
  expect(await until(() => upstream.address, "the next address")).toBe("10.0.0.2");
});

test("a look-up that ends after a later one has no effect, whether it failed or not", async () => {
  const answers: ((addresses: readonly string[]) => void)[] = [];
  const resolve = () => new Promise<readonly string[]>((resolve) => answers.push(resolve));
  using upstream = await followUpstream("service", 7, 5, resolve);
  await until(() => answers.length >= 4, "four look-ups");
  answers[2]?.(["10.0.0.2"]);
  await until(() => upstream.address === "10.0.0.2", "the address");
  answers[0]?.([]);
  answers[1]?.(["10.0.0.1"]);
  await nextTurn();
  expect(upstream.address).toBe("10.0.0.2");
  answers[3]?.([]);
  await until(() => upstream.address === undefined, "no address");
});

test("a query that is never answered does not delay the addresses of the other", async () => {
  const never = () => new Promise<never>(() => {});
  const four = async () => ["10.0.0.1"];
  const six = async () => ["fd00::1"];
  const fails = async () => {
    throw new Error("ENODATA");
  };
  expect(await lookUp("service", { resolve4: four, resolve6: never })).toEqual(["10.0.0.1"]);
  expect(await lookUp("service", { resolve4: never, resolve6: six })).toEqual(["fd00::1"]);
  expect(await lookUp("service", { resolve4: four, resolve6: six })).toEqual(["10.0.0.1", "fd00::1"]);
  expect(await lookUp("service", { resolve4: fails, resolve6: six })).toEqual(["fd00::1"]);
  const late = () => new Promise<string[]>((resolve) => setTimeout(resolve, 100, ["fd00::2"]));
  expect(await lookUp("service", { resolve4: four, resolve6: late })).toEqual(["10.0.0.1", "fd00::2"]);
  expect(await lookUp("localhost", { resolve4: fails, resolve6: fails })).toContain("127.0.0.1");
});

test("an IPv4 address is used without a look-up", async () => {
  using upstream = await followUpstream("127.0.0.1", 7, 60_000);
  expect(upstream).toMatchObject({ address: "127.0.0.1", port: 7 });
});

test("an address that is not allowed is not used", async () => {
  const resolve = async () => ["::1", "::ffff:10.0.0.7"];
  using upstream = await followUpstream("service", 7, 60_000, resolve, (address) => address !== "10.0.0.7");
  expect(upstream.address).toBe("::1");
});
