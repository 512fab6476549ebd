import { expect, test } from "bun:test";
import { progressLine, startLine, summaryText } from "../../../src/relay/cli/summary.ts";
import { DirectionCounts } from "../../../src/relay/counts.ts";
import { directionSnapshot, type RelaySnapshot } from "../../../src/relay/snapshot.ts";
import { relayTo } from "../support/relay.ts";

/** A direction with 10 packets of 100 octets: two dropped, one copied, one that waits. */
function counts() {
  const direction = new DirectionCounts();
  for (let i = 0; i < 10; i++) direction.enter(100);
  for (let i = 0; i < 7; i++) direction.leave(100, 20);
  direction.lose(100, "drop");
  direction.lose(100, "queue-full");
  direction.copy(100);
  direction.effects.add("duplicate");
  return direction;
}

const SNAPSHOT: RelaySnapshot = {
  name: "api",
  protocol: "udp",
  listen: "127.0.0.1:7443",
  upstream: "db.example:443",
  faults: "drop=0.1/0",
  open: 1,
  overflows: 2,
  up: directionSnapshot(counts()),
  down: directionSnapshot(new DirectionCounts()),
  upstreamErrors: { refused: 3 },
};

test("the summary has every count of each direction, the reasons of losses and the added delay", () => {
  expect(summaryText(SNAPSHOT, 12.3).split("\n")).toEqual([
    "relay api: udp 127.0.0.1:7443 > db.example:443, faults drop=0.1/0, after 12.3 s, 1 flow open",
    "  up    in       10 packets, 1,000 octets",
    "        out      8 packets, 800 octets",
    "        copied   1 packet, 100 octets",
    "        waiting  1 packet, 100 octets",
    "        dropped  2 packets, 200 octets",
    "          drop: 1 packet, 100 octets (10 % of the octets)",
    "          queue-full: 1 packet, 100 octets (10 % of the octets)",
    "        faults   duplicate 1",
    "        delay    mean 20 ms, p99 24.9 ms, added by the relay",
    "  down  in       0 packets, 0 octets",
    "        out      0 packets, 0 octets",
    "        dropped  0 packets, 0 octets",
    "  over the limit: 2 flows",
    "  upstream errors: refused 3",
    "",
  ]);
});

test("on TCP only octets are shown, which are comparable", () => {
  const text = summaryText({ ...SNAPSHOT, name: "relay", protocol: "tcp", overflows: 0, upstreamErrors: {} }, 1);
  expect(text).toStartWith(
    "relay: tcp 127.0.0.1:7443 > db.example:443, faults drop=0.1/0, after 1 s, 1 connection open\n",
  );
  expect(text).toContain("  up    in       1,000 octets\n        out      800 octets\n");
  expect(text).not.toContain("packet");
});

test("the line at the start and that of progress name the relay, its faults and the sums of all relays", async () => {
  await using first = await relayTo("udp", 9, { faults: "drop=0.1" });
  await using second = await relayTo("tcp", 9, { to: "service.example", lookUp: async () => [] });
  expect(startLine(first, 7)).toBe(`relay test: udp 127.0.0.1:${first.port} > 127.0.0.1:9, faults drop=0.1/0 (seed 7)`);
  expect(startLine(second, 7)).toBe(
    `relay test: tcp 127.0.0.1:${second.port} > service.example:9, no address yet, no faults`,
  );
  first.counts.up.enter(1500);
  first.counts.up.lose(1500, "drop");
  second.counts.up.read(500);
  const amounts = "up 2.00 kB, dropped 1.50 kB  down 0 B, dropped 0 B";
  expect(progressLine([first, second], 3.4)).toBe(`3 s  0 open  ${amounts}`);
  second.upstreamErrors.add("no-address", 2);
  expect(progressLine([first, second], 3.4)).toBe(`3 s  0 open  upstream errors 2  ${amounts}`);
});
