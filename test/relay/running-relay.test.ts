/** The relay of the library: its options, its faults and its counts. */
import { describe, expect, test } from "bun:test";
import { ConfigError, RelayError, type RelayFaults, type RelayOptions, startRelay } from "../../src/index.ts";
import { startTestLab } from "../support/lab.ts";
import { openUdp } from "../support/udp.ts";
import { until } from "../support/until.ts";
import { talk } from "./support/relay.ts";

test("forwards, and its counts are plain objects that balance", async () => {
  await using lab = await startTestLab();
  await using relay = await startRelay({
    protocol: "udp",
    to: `127.0.0.1:${lab.ports.udp}`,
    faults: "drop=0/1",
    seed: 7,
  });
  using client = await openUdp();
  for (let i = 0; i < 5; i++) client.send("Hello UDP 7", relay.port);
  await until(() => relay.counts.down.dropped === 5, "the losses");
  const { up, down } = relay.counts;
  expect(up).toMatchObject({
    packetsIn: 5,
    bytesIn: 55,
    packetsOut: 5,
    bytesOut: 55,
    dropped: 0,
    waiting: 0,
    drops: {},
  });
  expect(up.addedMs?.mean).toBeGreaterThan(0);
  expect(down).toEqual({
    packetsIn: 5,
    bytesIn: 35,
    packetsOut: 0,
    bytesOut: 0,
    copies: 0,
    copiedBytes: 0,
    waiting: 0,
    waitingBytes: 0,
    dropped: 5,
    droppedBytes: 35,
    drops: { drop: { packets: 5, bytes: 35 } },
    effects: {},
    addedMs: undefined,
  });
  expect(relay.flows()).toMatchObject([
    { address: "127.0.0.1", port: client.port, bytesUp: 55, bytesDown: 35, dropsUp: 0, dropsDown: 5 },
  ]);
  expect(JSON.parse(JSON.stringify(relay.counts))).toMatchObject({ up: { packetsIn: 5 } });
});

test("faults are a text or an object, and can be changed", async () => {
  await using lab = await startTestLab();
  const options = { protocol: "tcp", to: lab.ports.tcp, listen: "127.0.0.1:0" } as const;
  await using relay = await startRelay({ ...options, faults: { up: { rate: 1e6 }, down: { limit: 3 } } });
  expect(relay.faults).toBe("rate=1000000/0,limit=none/3");
  expect(await talk(relay.port, "Hello TCP 7")).toBe("ACK");
  relay.setFaults("none");
  expect(relay.faults).toBe("none");
  expect(await talk(relay.port, "Hello TCP 7")).toBe("ACK-TCP");
  expect(relay.counts.down.drops.limit?.bytes).toBe(4);
  await relay.stop();
  expect(await talk(relay.port, "x")).toBe("reset");
});

const VALID: RelayOptions = { protocol: "udp", to: 9 };

describe("an option that is not valid is one line with its name", () => {
  // The values have types that the declarations refuse; a program in JavaScript can pass them.
  test.each([
    [{ protocol: "quic" }, 'protocol "quic": not a protocol of relays; allowed: tcp or udp'],
    [{ to: "db" }, 'to "db": not an upstream; allowed: HOST:PORT or [IPv6]:PORT'],
    [{ listen: 65_536 }, 'listen "65536": not a port to listen on; allowed: PORT, ADDRESS:PORT or [IPv6]:PORT'],
    [{ seed: 0.5 }, "seed 0.5: not allowed; allowed: an integer from 0 to 4294967295"],
    [{ name: "7" }, 'name "7": not a name for a relay; allowed: a letter, then up to 62 letters, digits, - and _'],
    [{ fault: "drop=1" }, "fault: no such option; allowed: protocol, to, listen, faults, seed, name"],
    [{ faults: 3 }, "faults: not allowed; allowed: a text, or { up, down }"],
    [{ faults: { left: {} } }, "faults.left: no such direction; allowed: up, down"],
    [{ faults: { up: 0.5 } }, "faults.up: not allowed; allowed: an object of faults"],
    [{ faults: { up: { drop: 2 } } }, "faults.up.drop is not valid; allowed: a number from 0 to 1"],
    [
      { faults: { up: { delay: 20 } } },
      'faults.up.delay is not valid; allowed: { kind: "fixed", ms }, or of the kind uniform, normal or pareto',
    ],
    [{ to: undefined }, "to: missing; allowed: HOST:PORT or a port"],
    [{ protocol: undefined }, "protocol: missing; allowed: tcp or udp"],
    [
      { faults: { down: { delay: { kind: "fixed", ms: "20" } } } },
      "faults.down.delay.ms is not valid; allowed: a number from 0 to 60000",
    ],
  ])("%j", async (given, line) => {
    const error = await startRelay({ ...VALID, ...given } as unknown as RelayOptions).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toHaveProperty("message", line);
  });

  test.each([
    ["slice=3", 'faults "slice=3": a udp relay has no fault "slice" at character 1; allowed: drop, burst, '],
    [{ up: { slice: {} } }, 'faults.up.slice: a udp relay has no fault "slice"; allowed: drop, burst, '],
    ["drop=2", 'faults "drop=2": '],
  ])("faults of setFaults: %j", async (faults, line) => {
    await using relay = await startRelay(VALID);
    relay.setFaults("drop=0.5");
    expect(() => relay.setFaults(faults as RelayFaults)).toThrow(line);
    expect(relay.faults).toBe("drop=0.5/0");
  });
});

test("a port in use, and the relay itself as its upstream, reject with RelayError", async () => {
  await using first = await startRelay({ ...VALID, listen: "127.0.0.1:0" });
  const open = startRelay({ ...VALID, listen: first.port });
  await expect(open).rejects.toThrow(new RelayError(`relay: udp port ${first.port} on 127.0.0.1 is in use`));
  await expect(startRelay({ ...VALID, listen: 9 })).rejects.toThrow("relay: 127.0.0.1:9 is the relay itself");
});
