import { describe, expect, test } from "bun:test";
import {
  formatHostPort,
  formatPeer,
  isLoopback,
  loopbackOf,
  parseAllowedHosts,
  parsePort,
  plainAddress,
  reachedAddress,
  sourcePrefix,
  splitHostPort,
  uniformAddress,
} from "../../src/base/address.ts";

describe("formatHostPort and formatPeer", () => {
  test("put an IPv6 address in brackets if a port follows", () => {
    expect(formatHostPort("127.0.0.1", 7000)).toBe("127.0.0.1:7000");
    expect(formatHostPort("::1", 7000)).toBe("[::1]:7000");
    expect(formatHostPort("::1")).toBe("::1");
    expect(formatHostPort("lab.example")).toBe("lab.example");
  });

  test("print an IPv4-mapped IPv6 address as an IPv4 address", () => {
    expect(formatPeer("::ffff:10.0.0.7", 5)).toBe("10.0.0.7:5");
    expect(formatPeer("2001:db8::1", 5)).toBe("[2001:db8::1]:5");
  });

  test.each([
    ["127.0.0.1", "127.0.0.1:7"],
    ["::ffff:127.0.0.1", "127.0.0.1:7"],
    ["::1", "[::1]:7"],
    ["fe80::1", "[fe80::1]:7"],
  ])("print the peer %s, port 7, as %s", (address, peer) => {
    expect(formatPeer(address, 7)).toBe(peer);
    expect(peer).toContain(plainAddress(address));
  });
});

describe("splitHostPort and parsePort", () => {
  test.each([
    ["host", "host", undefined],
    ["host:7000", "host", "7000"],
    ["host:", "host", ""],
    ["[::1]:7000", "::1", "7000"],
    ["[::1]", "::1", undefined],
    ["2001:db8::1", "2001:db8::1", undefined],
    ["10.0.0.1:x", "10.0.0.1", "x"],
  ])("split %j into host %j and port %j", (text, host, port) => {
    expect(splitHostPort(text)).toEqual({ host, port });
  });

  test.each(["", "a:b:c", "[::1", "[]:5", "[x]", "host/path", ":5"])("reject %j", (text) => {
    expect(splitHostPort(text)).toBeUndefined();
  });

  test("accept ports from 1 to 65535 only", () => {
    expect(["1", "65535", "0", "65536", "-1", "1.5", "1e3", ""].map(parsePort)).toEqual([
      1,
      65_535,
      ...Array.from({ length: 6 }, () => undefined),
    ]);
  });
});

test("isLoopback and loopbackOf recognise loopback and unspecified addresses", () => {
  expect(["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"].map(isLoopback)).toEqual([true, true, true, true]);
  expect(["10.0.0.1", "::2", "127.example.org", ""].map(isLoopback)).toEqual([false, false, false, false]);
  expect(["0.0.0.0", "::", "10.0.0.7"].map(loopbackOf)).toEqual(["127.0.0.1", "::1", "10.0.0.7"]);
});

describe("parseAllowedHosts", () => {
  test("accepts hosts with or without a port, names in any case, and IPv6 addresses in brackets", () => {
    expect(parseAllowedHosts("10.0.0.7,LAB.example:7000,[::1]:6000,[::1]")).toEqual([
      { host: "10.0.0.7", port: undefined },
      { host: "lab.example", port: 7000 },
      { host: "::1", port: 6000 },
      { host: "::1", port: undefined },
    ]);
  });

  test.each(["", "a b", "host:0", "host:70000", "http://host", "host:", ",host", "::1"])("rejects %j", (text) => {
    expect(parseAllowedHosts(text)).toBeUndefined();
  });
});

test.each([
  ["192.0.2.7", "192.0.2"],
  ["::ffff:192.0.2.7", "192.0.2"],
  ["2001:db8:7:1::1", "2001:db8:7"],
  ["2001:db8::1", "2001:db8:0"],
  ["2001::3:4:5:6:7:8", "2001:0:3"],
  ["::1", "0:0:0"],
])("the prefix of %s is %s", (address, prefix) => expect(sourcePrefix(address)).toBe(prefix));

test("uniformAddress gives every spelling of an address one form", () => {
  const forms = ["::1", "0:0::1", "2001:DB8::00ff", "fe80::1%eth0", "::ffff:127.0.0.1", "127.0.0.1"].map(
    uniformAddress,
  );
  expect(forms).toEqual([
    "0:0:0:0:0:0:0:1",
    "0:0:0:0:0:0:0:1",
    "2001:db8:0:0:0:0:0:ff",
    "fe80:0:0:0:0:0:0:1",
    "127.0.0.1",
    "127.0.0.1",
  ]);
});

test.each([
  ["0.0.0.0", "127.0.0.1"],
  ["::", "::1"],
  ["0:0:0:0:0:0:0:0", "::1"],
  ["0:0:0:0:0:0:0:1", "::1"],
  ["::1%lo", "::1"],
  ["::ffff:127.0.0.1", "127.0.0.1"],
  ["::ffff:7f00:2", "127.0.0.2"],
  ["0:0:0:0:0:ffff:0:0", "127.0.0.1"],
  ["192.0.2.7", "192.0.2.7"],
  ["2001:DB8:0::7", "2001:db8::7"],
  ["fe80::1%eth0", "fe80::1%eth0"],
])("packets to %s arrive at %s", (address, reached) => {
  expect(reachedAddress(address)).toBe(reached);
});
