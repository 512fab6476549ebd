import { describe, expect, test } from "bun:test";
import { parseTarget, resolveTarget } from "../../../src/load/plan/target.ts";

describe("parseTarget", () => {
  test("accepts a host, host:port and IPv6 addresses", () => {
    expect(parseTarget("10.0.0.7", "udp")).toEqual({ hostname: "10.0.0.7", port: 7000 });
    expect(parseTarget("lab:7001", "udp")).toEqual({ hostname: "lab", port: 7001 });
    expect(parseTarget("::1", "tcp")).toEqual({ hostname: "::1", port: 6000 });
    expect(parseTarget("[fe80::1]:9", "tcp")).toEqual({ hostname: "fe80::1", port: 9 });
  });

  test("accepts URLs and paths for HTTP", () => {
    expect(parseTarget("lab", "http").url?.href).toBe("http://lab:5000/");
    expect(parseTarget("lab:80/x?y", "http").url?.href).toBe("http://lab/x?y");
    expect(parseTarget("https://[::1]/x", "http")).toMatchObject({ hostname: "::1", port: 443 });
  });

  test("accepts the URLs of each protocol, with its default port and path", () => {
    expect(parseTarget("lab", "https").url?.href).toBe("https://lab:5443/");
    expect(parseTarget("lab/x", "http2").url?.href).toBe("https://lab:5444/x");
    expect(parseTarget("https://lab/x", "http3")).toMatchObject({ hostname: "lab", port: 443 });
    expect(parseTarget("lab", "websocket").url?.href).toBe("ws://lab:5000/ws");
    expect(parseTarget("lab:81/chat", "websocket").url?.href).toBe("ws://lab:81/chat");
    expect(parseTarget("wss://lab/chat", "websocket")).toMatchObject({ hostname: "lab", port: 443 });
    expect(parseTarget("lab", "tls")).toEqual({ hostname: "lab", port: 6443 });
  });

  test.each([
    ["udp", "", '--target "": expected a host or host:port'],
    ["http", "a b", '--target "a b": expected a host, host:port or URL'],
    ["udp", "http://x/", "--target http://x/: udp takes host:port, not a URL"],
    ["udp", "x:99999", "--target x:99999: expected a port from 1 to 65535"],
    ["tcp", "x:1/y", "--target x:1/y: tcp does not take a path"],
    ["tcp", ":6000", "--target :6000: expected host:port, or [address]:port for IPv6"],
    ["http", "ftp://x/", "--target ftp://x/: expected http:// or https://"],
    ["http2", "http://x/", "--target http://x/: expected https://"],
    ["websocket", "https://x/", "--target https://x/: expected ws:// or wss://"],
    ["tls", "https://x/", "--target https://x/: tls takes host:port, not a URL"],
    ["http", "http://", "--target http://: not a valid URL"],
    ["http", "http://user:secret@x:1/", "--target http://…@x:1: a user name in a URL is not supported; send --header"],
    ["http", "user@x:1/y", "--target http://…@x:1: a user name in a URL is not supported; send --header"],
  ] as const)("rejects the %s target %j", (protocol, text, message) => {
    expect(() => parseTarget(text, protocol)).toThrow(message);
  });
});

describe("resolveTarget", () => {
  test.each([
    ["localhost", 0, "127.0.0.1", true],
    ["localhost", 6, "::1", true],
    ["127.0.0.9", 0, "127.0.0.9", true],
    ["192.0.2.1", 0, "192.0.2.1", false],
  ] as const)("resolves %s for the family %d to %s", async (hostname, family, address, sameHost) => {
    expect(await resolveTarget({ hostname, port: 1 }, family)).toEqual({ hostname, port: 1, address, sameHost });
  });

  test("rejects a name that does not resolve", () => {
    expect(resolveTarget({ hostname: "no.such.name.invalid", port: 1 }, 4)).rejects.toThrow(
      "no.such.name.invalid does not resolve to an IPv4 address",
    );
  });
});
