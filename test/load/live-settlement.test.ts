import { expect, test } from "bun:test";
import { LiveSettlement } from "../../src/load/live-settlement.ts";
import { Recorder } from "../../src/load/recorder.ts";
import type { SessionSummary } from "../../src/load/settlement.ts";

function summary(handled: number, up: number, down: number): SessionSummary[] {
  return [
    {
      protocol: "udp",
      source: "127.0.0.1:1",
      received: { unique: handled + up, duplicate: 0 },
      handled,
      answered: handled - down,
      dropped: { up, down },
      discarded: 0,
    },
  ];
}

test("a look counts once all its packets are settled, and not before", () => {
  const recorder = new Recorder();
  const live = new LiveSettlement(recorder, 1000);
  live.look(5000, 100, summary(90, 10, 5));
  recorder.counts.lost = 12;
  live.settle(5900);
  expect(live.directions).toMatchObject({ lostUp: 0, lostDown: 0, unexplained: 0 });
  recorder.counts.lost = 15;
  live.settle(6001);
  expect(live.directions).toMatchObject({ lostUp: 10, lostDown: 5, unexplained: 0, droppedUp: 10, droppedDown: 5 });
});

test("a lab that was started anew takes nothing back, and what it cannot know stays unexplained", () => {
  const recorder = new Recorder();
  const live = new LiveSettlement(recorder, 1000);
  live.look(5000, 100, summary(90, 10, 5));
  recorder.counts.lost = 15;
  live.settle(6001);
  // 40 packets are lost while no lab is there; then one with an empty memory handles 20.
  recorder.counts.lost = 55;
  live.look(10_000, 260, summary(20, 0, 0));
  live.settle(11_001);
  expect(live.epochs).toBe(2);
  expect(live.directions).toMatchObject({ lostUp: 10, lostDown: 5, unexplained: 40 });
  recorder.counts.lost = 65;
  live.look(15_000, 360, summary(114, 6, 4));
  live.settle(16_001);
  expect(live.directions).toMatchObject({ lostUp: 16, lostDown: 9, unexplained: 40, droppedUp: 16, droppedDown: 9 });
});
