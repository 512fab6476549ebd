import { describe, expect, test } from "bun:test";
import { addressOctets, certificateName, domainsOf, isWithin, namesOfHost } from "../../src/certificates/names.ts";

const MACHINE = { hostname: "Box.", addresses: ["127.0.0.1", "192.0.2.7", "::1", "2001:db8::7", "fe80::1"] };

describe("names of a lab", () => {
  test.each([
    ["127.0.0.1", ["localhost", "127.0.0.1", "::1", "box"]],
    ["lab.example", ["localhost", "127.0.0.1", "::1", "lab.example", "box"]],
    ["2001:DB8:0::9", ["localhost", "127.0.0.1", "::1", "2001:db8::9", "box"]],
    ["0.0.0.0", ["localhost", "127.0.0.1", "::1", "192.0.2.7", "box"]],
    ["::", ["localhost", "127.0.0.1", "::1", "192.0.2.7", "2001:db8::7", "box"]],
  ])("that listens on %s", (host, names) => {
    expect(namesOfHost(host, MACHINE)).toEqual(names);
  });

  test("do not include a machine's name that is not a DNS name", () => {
    expect(namesOfHost("127.0.0.1", { hostname: "my box", addresses: [] })).not.toContain("my box");
  });
});

test.each([
  ["Lab.Example.", "lab.example"],
  ["my_host", "my_host"],
  ["::ffff:192.0.2.1", "192.0.2.1"],
  ["fe80::1%eth0", "fe80::1"],
  ["0:0:0:0:0:0:0:1", "::1"],
  ["a b", undefined],
  ["a..b", undefined],
  ["-a", undefined],
  ["é", undefined],
  ["", undefined],
  [`${"a".repeat(64)}.test`, undefined],
])("the name %p in a certificate is %p", (name, expected) => {
  expect(certificateName(name)).toBe(expected);
});

test("addresses have their octets, names have none", () => {
  expect([...(addressOctets("192.0.2.1") ?? [])]).toEqual([192, 0, 2, 1]);
  expect([...(addressOctets("2001:db8::1.2.3.4") ?? [])]).toEqual([
    0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4,
  ]);
  expect(addressOctets("localhost")).toBeUndefined();
});

test("the domains of an authority contain its names, names below them, and every address", () => {
  const domains = domainsOf(["localhost", "10.0.0.1", "lab.example"]);
  expect(domains).toEqual(["localhost", "test", "local", "home.arpa", "internal", "lab.example"]);
  const within = [
    "lab.example",
    "a.lab.example",
    "x.test",
    "192.0.2.1",
    "::1",
    "example",
    "xlab.example",
    "example.com",
  ];
  expect(within.map((name) => isWithin(name, domains))).toEqual([true, true, true, true, true, false, false, false]);
});
