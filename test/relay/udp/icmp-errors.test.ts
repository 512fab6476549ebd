/** ICMP errors of an upstream reach the client that caused them, from the address that it sent to. */
import { describe, expect, test } from "bun:test";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { IcmpSocket, unreachableMessage } from "../../../src/base/icmp.ts";
import { IcmpErrors } from "../../../src/relay/udp/icmp-errors.ts";
import { openUdp } from "../../support/udp.ts";
import { until } from "../../support/until.ts";
import { openEcho, openRelayTo } from "../support/udp.ts";

using probe = IcmpSocket.open("127.0.0.1");
const maySend = probe !== undefined;
if (!maySend) console.warn("SKIPPED: ICMP errors are passed on only with the right to open raw sockets");

/** A connected UDP socket, with the codes of the errors that the kernel reports to it. */
async function openConnected(host: string, port: number) {
  const codes: string[] = [];
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  socket.on("error", (error) => codes.push("code" in error ? String(error.code) : error.message));
  socket.connect(port, host);
  await once(socket, "connect");
  return {
    codes,
    port: socket.address().port,
    send: () => socket.send("?"),
    [Symbol.dispose]: () => void socket.close(),
  };
}

/** The upstream of a port that is closed. */
async function closedUpstream(address = "127.0.0.1") {
  const { port, close } = await openEcho(1, address);
  close();
  return { address, port };
}

describe.if(maySend)("a closed port of the upstream is a closed port to the client", () => {
  test.each([
    ["127.0.0.1", "127.0.0.1"],
    ["0.0.0.0", "127.0.0.1"],
    ["::1", "::1"],
    ["::", "::1"],
    ["::", "127.0.0.1"],
  ])("of a relay on %s, at %s", async (host, address) => {
    await using relay = await openRelayTo(await closedUpstream(), { host });
    using client = await openConnected(address, relay.port);
    using other = await openConnected(address, relay.port);
    client.send();
    await until(() => client.codes.length > 0, "the error");
    expect(client.codes).toEqual(["ECONNREFUSED"]);
    expect(other.codes).toEqual([]);
    expect(relay.upstreamErrors.get("refused")).toBe(1);
    expect(relay.errors).toEqual([]);
  });

  test("through two relays", async () => {
    await using second = await openRelayTo(await closedUpstream());
    await using first = await openRelayTo({ address: "127.0.0.1", port: second.port });
    using client = await openConnected("127.0.0.1", first.port);
    client.send();
    await until(() => client.codes.length > 0, "the error");
    expect([first.upstreamErrors.get("refused"), second.upstreamErrors.get("refused")]).toEqual([1, 1]);
  });
});

test("each ICMP error is counted once, also of datagrams that follow each other", async () => {
  await using relay = await openRelayTo(await closedUpstream());
  using peer = await openUdp();
  const refused = () => relay.upstreamErrors.get("refused");
  for (const [sent, total] of [
    [1, 1],
    [50, 51],
    [1, 52],
  ] as const) {
    for (let i = 0; i < sent; i++) peer.send("?", relay.port);
    await until(() => refused() >= total, "the errors");
    expect(refused()).toBe(total);
  }
  expect(relay.counts.up).toMatchObject({ packetsOut: 52, dropped: 0 });
});

test("a datagram that a fault drops causes none, and what answers is not affected", async () => {
  using echo = await openEcho();
  await using relay = await openRelayTo(echo.upstream, { faults: "drop=1/0" });
  using client = await openConnected("127.0.0.1", relay.port);
  client.send();
  await until(() => relay.counts.up.dropped === 1, "the drop");
  relay.relay.setFaults({ up: {}, down: {} });
  using peer = await openUdp();
  peer.send("hello", relay.port);
  await until(() => peer.got.length === 1, "the answer");
  expect(client.codes).toEqual([]);
});

test("the message quotes the datagram: RFC 792 with its checksum, RFC 4443 for IPv6", () => {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
  const four = unreachableMessage("port", { address: "10.0.0.1", port: 0x1234 }, { address: "10.0.0.2", port: 53 });
  expect(hex(four)).toBe("0303ea8b000000004500001c00000000401166cf0a0000010a0000021234003500080000");
  const six = unreachableMessage("host", { address: "2001:db8::1", port: 1 }, { address: "::1", port: 2 });
  const [source, destination] = [`20010db8${"0".repeat(23)}1`, `${"0".repeat(31)}1`];
  expect(hex(six)).toBe(`01030000000000006000000000081140${source}${destination}0001000200080000`);
  expect(unreachableMessage("network", { address: "10.0.0.1", port: 1 }, { address: "10.0.0.2", port: 2 })[1]).toBe(0);
});

test.if(maySend)("at most 1,000 are sent in a second, and none for other errors or to a link-local address", () => {
  using errors = new IcmpErrors();
  const refused = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
  const at = { client: { address: "127.0.0.1", port: 9 }, relay: { address: "127.0.0.1", port: 9 } };
  const sent = (now: number) =>
    Array.from({ length: 1500 }, () => errors.pass(refused, at, now)).filter(Boolean).length;
  expect([sent(0), sent(999), sent(1000)]).toEqual([1000, 0, 1000]);
  expect(errors.pass(Object.assign(new Error("full"), { code: "ENOBUFS" }), at, 5000)).toBe(false);
  expect(errors.pass(refused, { ...at, client: { address: "fe80::1%lo", port: 9 } }, 5000)).toBe(false);
});
