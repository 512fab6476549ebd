import { expect, test } from "bun:test";
import { parseLinkFaults } from "../../src/faults/link-text.ts";
import { MAX_RELAYS, Relays } from "../../src/relay/relays.ts";
import { contextOf, routeTo, talk } from "./support/relay.ts";

const named = (name: string, upstreamPort = 9) => ({ ...routeTo("tcp", upstreamPort), name });

/** A TCP service that answers each connection with `text`. */
function answering(text: string) {
  return Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { open: (socket) => void socket.end(text), data() {} } });
}

test("a relay is replaced by one of its name, and its faults stay; another transport has none of them", async () => {
  using first = answering("first");
  using second = answering("second");
  await using relays = new Relays(contextOf());
  const before = await relays.put(named("api", first.port));
  before.setFaults(parseLinkFaults("tcp", "delay=1"));
  expect(await relays.put(named("api", first.port))).toBe(before);
  expect(await talk(before.port, "")).toBe("first");
  const after = await relays.put(named("api", second.port));
  expect(after.faults.down).toEqual({ delay: { kind: "fixed", ms: 1 } });
  expect(await talk(after.port, "")).toBe("second");
  expect(await talk(before.port, "")).toBe("reset");
  const udp = await relays.put({ ...named("api"), protocol: "udp" });
  expect(udp.faults).toEqual({ up: {}, down: {} });
  expect(relays.list().map(({ route }) => route.protocol)).toEqual(["udp"]);
});

test("changes of one name follow each other", async () => {
  await using relays = new Relays(contextOf());
  await Promise.all([relays.put(named("api", 1)), relays.delete("api"), relays.put(named("api", 2))]);
  expect(relays.get("api")?.route.upstream.port).toBe(2);
  expect(relays.list()).toHaveLength(1);
  expect([await relays.delete("api"), await relays.delete("api")]).toEqual([true, false]);
});

test(`at most ${MAX_RELAYS} relays, of which one can still be replaced`, async () => {
  await using relays = new Relays(contextOf());
  for (let i = 0; i < MAX_RELAYS; i++) await relays.put(named(`r${i}`));
  await expect(relays.put(named("more"))).rejects.toThrow("relay more: there are 64 relays already");
  await relays.put(named("r0", 10));
  expect(relays.list()).toHaveLength(MAX_RELAYS);
});

test("a relay that would close a circle is refused, also in place of another, which stays open", async () => {
  using service = answering("service");
  await using relays = new Relays(contextOf());
  const first = await relays.put(named("first", service.port));
  const second = await relays.put(named("second", first.port));
  const listen = { host: "127.0.0.1", port: first.port };
  const circle = { ...named("first", second.port), listen };
  await expect(relays.put(circle)).rejects.toThrow("relay first: its traffic would come back to it through second");
  expect(relays.get("first")).toBe(first);
  expect(await talk(second.port, "")).toBe("service");
});
