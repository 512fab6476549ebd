import { describe, expect, test } from "bun:test";
import { parseRoute, parseRoutes, printRoute } from "../../../src/relay/route/text.ts";

const route = (name: string, protocol: string, listen: [string, number], upstream: [string, number]) => ({
  name,
  protocol,
  listen: { host: listen[0], port: listen[1] },
  upstream: { host: upstream[0], port: upstream[1] },
});

test.each([
  ["api=tcp:8080>db.example:5432", route("api", "tcp", ["127.0.0.1", 8080], ["db.example", 5432])],
  ["dns = udp:5353 > 9.9.9.9:53", route("dns", "udp", ["127.0.0.1", 5353], ["9.9.9.9", 53])],
  ["a=tcp:0.0.0.0:0>[::1]:80", route("a", "tcp", ["0.0.0.0", 0], ["::1", 80])],
  ["b-2=udp:[::]:7443>[2001:db8::7]:443", route("b-2", "udp", ["::", 7443], ["2001:db8::7", 443])],
  ["c=tcp:localhost:81>localhost:80", route("c", "tcp", ["localhost", 81], ["localhost", 80])],
])("%s", (text, expected) => {
  expect(parseRoute(text)).toMatchObject(expected);
  expect(parseRoute(printRoute(parseRoute(text)))).toEqual(parseRoute(text));
});

test("a list is separated by commas, with or without white space", () => {
  const routes = parseRoutes(" api=tcp:8080>db:5432, dns=udp:5353>9.9.9.9:53,");
  expect(routes.map(({ name }) => name)).toEqual(["api", "dns"]);
  expect(parseRoutes("")).toEqual([]);
});

describe("one line says what is wrong and what is allowed", () => {
  test.each([
    ["api", '"api": not a relay; allowed: NAME=tcp|udp:[ADDRESS:]PORT>HOST:PORT'],
    ["api=tcp:8080", '"api=tcp:8080": not a relay; allowed: NAME=tcp|udp:[ADDRESS:]PORT>HOST:PORT'],
    ["7=tcp:1>a:1", '"7": not a name for a relay; allowed: a letter, then up to 62 letters, digits, - and _'],
    ["api=quic:8080>a:1", '"quic": not a protocol of relays; allowed: tcp or udp'],
    ["api=tcp:65536>a:1", '"65536": not a port to listen on; allowed: PORT, ADDRESS:PORT or [IPv6]:PORT'],
    ["api=tcp:a b:1>a:1", '"a b:1": not a port to listen on; allowed: PORT, ADDRESS:PORT or [IPv6]:PORT'],
    ["api=tcp:1>a", '"a": not an upstream; allowed: HOST:PORT or [IPv6]:PORT'],
    ["api=tcp:1>a:0", '"a:0": not an upstream; allowed: HOST:PORT or [IPv6]:PORT'],
    ["api=tcp:1>::1:80", '"::1:80": not an upstream; allowed: HOST:PORT or [IPv6]:PORT'],
    ["a=tcp:1>x:1,a=tcp:2>x:1", '"a": two relays have this name; allowed: each name once'],
    ["a=tcp:1>x:1,b=tcp:1>x:2", '"tcp:127.0.0.1:1": two relays listen there; allowed: each port once'],
    [
      "a=tcp:1>localhost:2,b=tcp:0.0.0.0:2>[::ffff:127.0.0.1]:1",
      "relay a: its traffic would come back to it through b",
    ],
    [
      "x=udp:9>y:9,a=udp:1>x:3,b=udp:3>127.0.0.1:4,c=udp:4>0.0.0.0:3",
      "relay b: its traffic would come back to it through c",
    ],
    [
      "a=udp:1>127.0.0.1:2,b=udp:2>127.0.0.1:3,c=udp:3>127.0.0.1:1",
      "relay a: its traffic would come back to it through b and c",
    ],
  ])("%s", (text, line) => {
    expect(() => parseRoutes(text)).toThrow(line);
  });

  test("relays one behind another, and to the same port of another protocol or host, are no circle", () => {
    expect(parseRoutes("a=tcp:1>127.0.0.1:2,b=tcp:2>127.0.0.1:3,c=udp:3>127.0.0.1:1,d=tcp:3>10.0.0.1:1")).toHaveLength(
      4,
    );
  });

  test("two relays may pick free ports, and TCP and UDP have ports of their own", () => {
    expect(parseRoutes("a=tcp:0>x:1,b=tcp:0>x:1,c=tcp:53>x:1,d=udp:53>x:1")).toHaveLength(4);
  });
});
