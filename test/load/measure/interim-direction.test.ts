import { expect, test } from "bun:test";
import { LiveSettlement } from "../../../src/load/measure/interim-direction.ts";
import type { SessionSummary } from "../../../src/load/measure/loss-direction.ts";
import { Recorder } from "../../../src/load/measure/recorder.ts";

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

/** Packets of this run are lost: those that were sent at `sentAt`. */
function lose(recorder: Recorder, sentAt: number, packets: number): void {
  for (let packet = 0; packet < packets; packet++) recorder.lose(sentAt);
}

test("a look counts once all its packets are settled, and only with the losses among these", () => {
  const recorder = new Recorder();
  const live = new LiveSettlement(recorder, 1000);
  lose(recorder, 3900, 5);
  live.look({ cut: recorder.openCut(5000), sent: 100, sessions: summary(90, 10, 5) });
  lose(recorder, 4500, 11);
  recorder.unlose(4500);
  live.settle(5900);
  expect(live.directions).toMatchObject({ lostUp: 0, lostDown: 0, unexplained: 0 });
  // Sent after the look: whenever the look is settled, these are not among its packets.
  lose(recorder, 5001, 30);
  live.settle(7001);
  expect(live.directions).toMatchObject({ lostUp: 10, lostDown: 5, unexplained: 0, droppedUp: 10, droppedDown: 5 });
});

test("packets that the lab handled while it was asked do not turn its drops into losses on the way down", () => {
  const recorder = new Recorder();
  const live = new LiveSettlement(recorder, 1000);
  live.look({ cut: recorder.openCut(5000), sent: 100, sessions: summary(95, 10, 0) });
  lose(recorder, 4500, 10);
  live.settle(6001);
  expect(live.directions).toMatchObject({ lostUp: 10, lostDown: 0 });
});

test("a lab that was started anew takes nothing back, and what it cannot know stays unexplained", () => {
  const recorder = new Recorder();
  const live = new LiveSettlement(recorder, 1000);
  live.look({ cut: recorder.openCut(5000), sent: 100, sessions: summary(90, 10, 5) });
  lose(recorder, 4500, 15);
  live.settle(6001);
  // 40 packets are lost while no lab is there; then one with an empty memory handles 20.
  lose(recorder, 8000, 40);
  live.look({ cut: recorder.openCut(10_000), sent: 260, sessions: summary(20, 0, 0) });
  live.settle(11_001);
  expect(live.epochs).toBe(2);
  expect(live.directions).toMatchObject({ lostUp: 10, lostDown: 5, unexplained: 40 });
  lose(recorder, 12_000, 10);
  live.look({ cut: recorder.openCut(15_000), sent: 360, sessions: summary(114, 6, 4) });
  live.settle(16_001);
  expect(live.directions).toMatchObject({ lostUp: 16, lostDown: 9, unexplained: 40, droppedUp: 16, droppedDown: 9 });
});
