import { describe, expect, test } from "bun:test";
import {
  formatHostPort,
  formatPeer,
  isLoopback,
  loopbackOf,
  parseAllowedHosts,
  parsePort,
  splitHostPort,
} from "../../src/base/address.ts";

describe("printing", () => {
  test("puts an IPv6 address in brackets if a port follows", () => {
    expect(formatHostPort("127.0.0.1", 7000)).toBe("127.0.0.1:7000");
    expect(formatHostPort("::1", 7000)).toBe("[::1]:7000");
    expect(formatHostPort("::1")).toBe("::1");
    expect(formatHostPort("lab.example")).toBe("lab.example");
  });

  test("names an IPv4 peer of a socket on :: by its IPv4 address", () => {
    expect(formatPeer("::ffff:10.0.0.7", 5)).toBe("10.0.0.7:5");
    expect(formatPeer("2001:db8::1", 5)).toBe("[2001:db8::1]:5");
  });
});

describe("parsing", () => {
  test.each([
    ["host", "host", undefined],
    ["host:7000", "host", "7000"],
    ["host:", "host", ""],
    ["[::1]:7000", "::1", "7000"],
    ["[::1]", "::1", undefined],
    ["2001:db8::1", "2001:db8::1", undefined],
    ["10.0.0.1:x", "10.0.0.1", "x"],
  ])("%s", (text, host, port) => {
    expect(splitHostPort(text)).toEqual({ host, port });
  });

  test.each(["", "a:b:c", "[::1", "[]:5", "[x]", "host/path", ":5"])("%p is no host and port", (text) => {
    expect(splitHostPort(text)).toBeUndefined();
  });

  test("accepts ports from 1 to 65535", () => {
    expect(["1", "65535", "0", "65536", "-1", "1.5", "1e3", ""].map(parsePort)).toEqual([
      1,
      65_535,
      ...Array.from({ length: 6 }, () => undefined),
    ]);
  });
});

test("loopback addresses", () => {
  expect(["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"].map(isLoopback)).toEqual([true, true, true, true]);
  expect(["10.0.0.1", "::2", "127.example.org", ""].map(isLoopback)).toEqual([false, false, false, false]);
  expect(["0.0.0.0", "::", "10.0.0.7"].map(loopbackOf)).toEqual(["127.0.0.1", "::1", "10.0.0.7"]);
});

describe("allowed hosts", () => {
  test("are hosts with or without a port, names in any case, IPv6 addresses in brackets", () => {
    expect(parseAllowedHosts("10.0.0.7,LAB.example:7000,[::1]:6000,[::1]")).toEqual([
      { host: "10.0.0.7", port: undefined },
      { host: "lab.example", port: 7000 },
      { host: "::1", port: 6000 },
      { host: "::1", port: undefined },
    ]);
  });

  test.each(["", "a b", "host:0", "host:70000", "http://host", "host:", ",host", "::1"])(
    "%p is not allowed",
    (text) => {
      expect(parseAllowedHosts(text)).toBeUndefined();
    },
  );
});
