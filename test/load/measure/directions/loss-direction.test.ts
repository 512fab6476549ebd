import { describe, expect, test } from "bun:test";
import {
  attributeByLab,
  attributeByReflector,
  attributeByTarget,
  attributionText,
  unattributed,
} from "../../../../src/load/measure/directions/loss-direction.ts";
import { Recorder } from "../../../../src/load/measure/recorder.ts";
import { summaryOf } from "../../support/summaries.ts";

/** A recorder with these counts. */
function counted(counts: Partial<Recorder["counts"]>): Recorder {
  const recorder = new Recorder();
  Object.assign(recorder.counts, counts);
  return recorder;
}

describe("attributeByLab", () => {
  test("attributes packets that the lab did not handle upstream, the other lost ones downstream", () => {
    const sessions = [
      summaryOf({ handled: 50, answered: 46, dropped: { up: 3, down: 4 } }),
      summaryOf({ handled: 40, answered: 39, dropped: { up: 2, down: 1 } }),
    ];
    expect(attributeByLab(counted({ sent: 100, lost: 16 }), sessions)).toEqual({
      lostUp: 10,
      lostDown: 6,
      unexplained: 0,
      droppedUp: 5,
      droppedDown: 5,
      evidence: "lab",
      heldByLab: 0,
    });
  });

  test.each(["tcp", "websocket", "tls"])(
    "on a connection (%s), answers that the lab did not drop are unexplained",
    (protocol) => {
      const sessions = [summaryOf({ protocol, handled: 90, answered: 84, dropped: { up: 10, down: 5 }, discarded: 1 })];
      expect(attributeByLab(counted({ sent: 100, lost: 20 }), sessions)).toMatchObject({
        lostUp: 10,
        lostDown: 6,
        unexplained: 4,
        droppedUp: 10,
        droppedDown: 5,
      });
    },
  );

  test("never attributes more packets than were lost", () => {
    const sessions = [summaryOf({ handled: 70, answered: 70, dropped: { up: 30, down: 9 } })];
    expect(attributeByLab(counted({ sent: 100, lost: 20 }), sessions)).toMatchObject({
      lostUp: 20,
      lostDown: 0,
      unexplained: 0,
      droppedUp: 20,
      droppedDown: 0,
    });
    // The lab handled more packets than were sent: another session has the same id.
    const foreign = [summaryOf({ handled: 85, answered: 73, dropped: { up: 10, down: 12 } })];
    expect(attributeByLab(counted({ sent: 80, lost: 10 }), foreign)).toMatchObject({
      lostUp: 0,
      lostDown: 10,
      droppedDown: 10,
    });
  });

  test("counts packets that the lab handled but neither answered, dropped nor discarded as held", () => {
    const sessions = [summaryOf({ handled: 90, answered: 80, dropped: { up: 0, down: 4 }, discarded: 1 })];
    expect(attributeByLab(counted({ sent: 100, lost: 20 }), sessions).heldByLab).toBe(5);
  });
});

describe("attributeByReflector", () => {
  // 86 answers were made and 80 arrived; 15 losses precede the last answer.
  const NUMBERS = { reflected: 86, arrived: 80, lostBefore: 15, overtaken: 0 };

  /** The attribution of 20 losses by these numbers. */
  function byNumbers(counts: Partial<Recorder["counts"]> = {}, numbers = NUMBERS) {
    const recorder = counted({ sent: 100, lost: 20, ...counts });
    Object.assign(recorder.reflector, numbers);
    return attributeByReflector(recorder);
  }

  test("attributes missing numbers downstream, other earlier losses upstream, and none after the last answer", () => {
    expect(byNumbers()).toMatchObject({ lostUp: 9, lostDown: 6, unexplained: 5, evidence: "reflector" });
    expect(byNumbers().reason).toBe(undefined);
  });

  test("attributes nothing downstream if packets were copied upstream, and upstream what exceeds the numbers", () => {
    const directions = byNumbers({ duplicateUp: 1 });
    expect(directions).toMatchObject({ lostUp: 9, lostDown: 0, unexplained: 11 });
    expect(directions.reason).toStartWith("packets were duplicated upstream");
    const many = { ...NUMBERS, reflected: 120 };
    expect(byNumbers({ duplicateUp: 30 }, many)).toMatchObject({ lostUp: 0, lostDown: 0, unexplained: 20 });
  });

  test("attributes no loss upstream that the last answer may have overtaken", () => {
    expect(byNumbers({}, { ...NUMBERS, overtaken: 4 })).toMatchObject({ lostUp: 5, lostDown: 6, unexplained: 9 });
  });

  test("leaves as many losses unexplained as answers arrived damaged or too late", () => {
    const directions = byNumbers({ corrupt: 2, unknownAnswers: 1 });
    expect(directions).toMatchObject({ lostUp: 9, lostDown: 3, unexplained: 8 });
    expect(directions.reason).toContain("damaged or too late");
  });

  test("attributes nothing by numbers that are not those of one session", () => {
    const recorder = counted({ sent: 100, lost: 20 });
    Object.assign(recorder.reflector, NUMBERS);
    recorder.foreignNumbers = true;
    const directions = attributeByReflector(recorder);
    expect(directions).toMatchObject({ lostUp: 0, lostDown: 0, unexplained: 20, evidence: "none" });
    expect(directions.reason).toStartWith("the reflector restarted");
  });
});

test("attributionText adds the reason in parentheses", () => {
  const directions = unattributed(counted({ lost: 1 }));
  expect(attributionText(directions)).toBe("unknown: only the round trip was measured");
  expect(attributionText({ ...directions, reason: "no lab" })).toEndWith(" measured (no lab)");
});

test("attributeByTarget uses the drops that the target reported, and is unknown without any", () => {
  const reported = counted({ sent: 100, lost: 10, reportedUp: 3, reportedDown: 5 });
  expect(attributeByTarget(reported)).toMatchObject({
    lostUp: 3,
    lostDown: 5,
    unexplained: 2,
    droppedUp: 3,
    droppedDown: 5,
    evidence: "target",
  });
  expect(attributeByTarget(counted({ sent: 100, lost: 10 }))).toEqual(unattributed(counted({ sent: 100, lost: 10 })));
});

test("unattributed leaves all losses unexplained", () => {
  expect(unattributed(counted({ sent: 100, lost: 10 }))).toMatchObject({
    lostUp: 0,
    unexplained: 10,
    evidence: "none",
  });
});
