import { expect, test } from "bun:test";
import { InterimAttribution, type SummaryQuery } from "../../../../src/load/measure/directions/interim-direction.ts";
import { Recorder } from "../../../../src/load/measure/recorder.ts";
import { summaryOf } from "../../support/summaries.ts";

type QueryAbout = Partial<Pick<SummaryQuery, "instance" | "uncertain">>;

/** A run with a timeout of 1,000 ms. */
function startRun() {
  const recorder = new Recorder();
  const interim = new InterimAttribution(recorder, 1000, "first");
  return {
    recorder,
    interim,
    /** Counts packets that were sent at `sentAt` as lost. */
    lose(sentAt: number, packets: number): void {
      for (let packet = 0; packet < packets; packet++) recorder.countLost(sentAt);
    },
    /** Queries the lab at `at`, when the run has sent `sent` packets. */
    query(at: number, sent: number, lab: { handled: number; up: number; down: number }, about: QueryAbout = {}): void {
      const { handled, up, down } = lab;
      const { instance = "first", uncertain = 0 } = about;
      const sessions = [summaryOf({ handled, answered: handled - down, dropped: { up, down } })];
      interim.addSummary({ checkpoint: recorder.openCheckpoint(at), sent, uncertain, instance, sessions });
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
  query(10_000, 260, { handled: 20, up: 0, down: 0 }, { instance: "second" });
  interim.reconcile(11_001);
  expect(interim.epochs).toBe(2);
  expect(interim.directions).toMatchObject({ lostUp: 10, lostDown: 5, unexplained: 40 });
  lose(12_000, 10);
  query(15_000, 360, { handled: 114, up: 6, down: 4 }, { instance: "second" });
  interim.reconcile(16_001);
  expect(interim.directions).toMatchObject({
    lostUp: 16,
    lostDown: 9,
    unexplained: 40,
    droppedUp: 16,
    droppedDown: 9,
  });
});

test("a lab that restarted before the first query has no data on the packets sent before", () => {
  const { interim, lose, query } = startRun();
  lose(4500, 30);
  query(5000, 100, { handled: 10, up: 0, down: 0 }, { instance: "second" });
  interim.reconcile(6001);
  expect(interim.epochs).toBe(2);
  expect(interim.directions).toMatchObject({ lostUp: 0, lostDown: 0, unexplained: 30 });
});

test("in the report, packets in flight at the queries before and after a restart count for neither direction", () => {
  const { interim, lose, query } = startRun();
  query(5000, 100, { handled: 80, up: 10, down: 5 }, { uncertain: 2 });
  lose(4500, 40);
  interim.reconcile(6001);
  query(10_000, 260, { handled: 20, up: 0, down: 0 }, { instance: "second", uncertain: 3 });
  lose(12_000, 40);
  query(15_000, 360, { handled: 95, up: 6, down: 4 }, { instance: "second" });
  interim.reconcile(16_001);
  expect(interim.directions).toMatchObject({ lostUp: 45, lostDown: 35, unexplained: 0 });
  expect(interim.certain).toMatchObject({ lostUp: 40, lostDown: 30, unexplained: 10, droppedUp: 11, droppedDown: 4 });
});

test("a lab that restarts before each query leaves all losses unexplained", () => {
  const { interim, lose, query } = startRun();
  for (let second = 1; second <= 5; second++) {
    lose(second * 1000 - 500, 10);
    query(second * 1000, second * 100, { handled: 90, up: 10, down: 0 }, { instance: `lab ${second}` });
    interim.reconcile(second * 1000 + 1001);
  }
  expect(interim.epochs).toBe(6);
  expect(interim.certain).toMatchObject({ lostUp: 0, lostDown: 0, unexplained: 50 });
});
