import { expect, test } from "bun:test";
import { InterimAttribution } from "../../../src/load/measure/interim-direction.ts";
import { Recorder } from "../../../src/load/measure/recorder.ts";
import { summaryOf } from "../support/summaries.ts";

/** A run with a timeout of 1,000 ms. */
function startRun() {
  const recorder = new Recorder();
  const interim = new InterimAttribution(recorder, 1000);
  return {
    recorder,
    interim,
    /** Counts packets that were sent at `sentAt` as lost. */
    lose(sentAt: number, packets: number): void {
      for (let packet = 0; packet < packets; packet++) recorder.countLost(sentAt);
    },
    /** Queries the lab at `at`, when the run has sent `sent` packets. */
    query(at: number, sent: number, lab: { handled: number; up: number; down: number }): void {
      const { handled, up, down } = lab;
      const sessions = [summaryOf({ handled, answered: handled - down, dropped: { up, down } })];
      interim.addSummary({ checkpoint: recorder.openCheckpoint(at), sent, sessions });
    },
  };
}

test("a summary is reconciled once its packets' losses are final, and with the losses of these packets only", () => {
  const { recorder, interim, lose, query } = startRun();
  lose(3900, 5);
  query(5000, 100, { handled: 90, up: 10, down: 5 });
  lose(4500, 11);
  recorder.revertLost(4500);
  interim.reconcile(5900);
  expect(interim.directions).toMatchObject({ lostUp: 0, lostDown: 0, unexplained: 0 });
  lose(5001, 30); // sent after the query
  interim.reconcile(7001);
  expect(interim.directions).toMatchObject({ lostUp: 10, lostDown: 5, unexplained: 0, droppedUp: 10, droppedDown: 5 });
});

test("packets that the lab handled during the query do not turn its upstream drops into downstream losses", () => {
  const { interim, lose, query } = startRun();
  query(5000, 100, { handled: 95, up: 10, down: 0 });
  lose(4500, 10);
  interim.reconcile(6001);
  expect(interim.directions).toMatchObject({ lostUp: 10, lostDown: 0 });
});

test("after a restart of the lab earlier results stay, and losses without a summary are unexplained", () => {
  const { interim, lose, query } = startRun();
  query(5000, 100, { handled: 90, up: 10, down: 5 });
  lose(4500, 15);
  interim.reconcile(6001);
  // 40 packets are lost while no lab is running; then a new one handles 20.
  lose(8000, 40);
  query(10_000, 260, { handled: 20, up: 0, down: 0 });
  interim.reconcile(11_001);
  expect(interim.epochs).toBe(2);
  expect(interim.directions).toMatchObject({ lostUp: 10, lostDown: 5, unexplained: 40 });
  lose(12_000, 10);
  query(15_000, 360, { handled: 114, up: 6, down: 4 });
  interim.reconcile(16_001);
  expect(interim.directions).toMatchObject({
    lostUp: 16,
    lostDown: 9,
    unexplained: 40,
    droppedUp: 16,
    droppedDown: 9,
  });
});
