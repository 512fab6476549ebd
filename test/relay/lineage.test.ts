/** What traffic has passed, by the address and port of a socket. */
import { expect, test } from "bun:test";
import { forgetPassed, notePassed, passedOf, passedOfConnection } from "../../src/relay/lineage.ts";

const PORT = 1; // of no socket of these tests

const at = (localAddress: string | undefined) => ({ transport: "tcp", localPort: PORT, localAddress }) as const;

test("two sockets with one port and different addresses are apart, in any spelling, until each is forgotten", () => {
  const [first, second] = [{}, {}];
  const note = notePassed(at("127.0.0.1"), [first]);
  const other = notePassed(at("::1"), [second]);
  const passed = () => ["::ffff:127.0.0.1", "0:0:0:0:0:0:0:1", "10.0.0.1"].map((from) => passedOf("tcp", PORT, from));
  expect(passed()).toEqual([[first], [second], []]);
  expect(passedOf("udp", PORT, "127.0.0.1")).toEqual([]);
  forgetPassed(note);
  expect(passed()).toEqual([[], [second], []]);
  forgetPassed(other);
  expect(passed()).toEqual([[], [], []]);
});

test("a socket without an address matches every address", () => {
  const relay = {};
  const note = notePassed({ transport: "udp", localPort: PORT }, [relay]);
  expect(passedOf("udp", PORT, "10.0.0.1")).toEqual([relay]);
  forgetPassed(note);
  expect(passedOf("udp", PORT)).toEqual([]);
});

test("two connections with one local address and port are apart by what they are connected to", () => {
  const [first, second] = [{}, {}];
  const to = (port: number) => ({ ...at("10.0.0.1"), remote: { host: "::ffff:10.0.0.9", port } });
  const notes = [notePassed(to(80), [first]), notePassed(to(81), [second])];
  const passed = (...ports: number[]) =>
    passedOfConnection({ host: "10.0.0.1", port: PORT }, () => ports.map((port) => ({ host: "10.0.0.9", port })));
  expect([passed(80), passed(81), passed(82), passed(82, 81)]).toEqual([[first], [second], [], [second]]);
  for (const note of notes) forgetPassed(note);
  expect([passed(80), passed(81)]).toEqual([[], []]);
});
