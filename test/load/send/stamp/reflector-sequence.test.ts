import { expect, test } from "bun:test";
import { PacketAccounting } from "../../../../src/load/measure/accounting.ts";
import { Recorder } from "../../../../src/load/measure/recorder.ts";
import { ReflectorSequence } from "../../../../src/load/send/stamp/reflector-sequence.ts";

const WINDOW = 64;

/** An answer: the packet, from 1, and the reflector's number; `copy` for a further answer to a packet. */
type Answer = readonly [packet: number, reflected: number, copy?: "copy"];

/** A session in which all packets are sent before the first answer arrives. */
function startSession() {
  const recorder = new Recorder();
  const sequence = new ReflectorSequence(WINDOW);
  const receive = (sent: number, answers: readonly Answer[], neverSent = 0) => {
    const accounting = new PacketAccounting(recorder, { slots: 1024, timeoutMs: 100, waitMs: 100, first: 1 });
    for (let packet = 0; packet < sent; packet++) accounting.add(0, 0, 0);
    for (const [packet, reflected, copy] of answers) {
      if (copy === undefined) accounting.answer(packet, 1, reflected);
      sequence.add(reflected, packet, { isCopy: copy !== undefined, isCounted: true }, accounting.packets);
    }
    accounting.expireAll();
    sequence.moveTo(recorder, accounting, neverSent);
    return recorder;
  };
  return { receive };
}

/** Answers to `count` packets from `packet`, with consecutive numbers from `reflected`. */
function run(packet: number, reflected: number, count: number): Answer[] {
  return Array.from({ length: count }, (_, i) => [packet + i, reflected + i]);
}

test("sums the answers made, the answers arrived, and the losses before the last one", () => {
  // Packet 2 was lost upstream and the answer to packet 3 downstream; packet 6 was lost after the last answer.
  const recorder = startSession().receive(6, [
    [1, 0],
    [4, 2],
    [5, 3],
  ]);
  expect(recorder.reflector).toEqual({ reflected: 4, arrived: 3, lostBefore: 2, overtaken: 0 });
  expect(recorder.foreignNumbers).toBe(false);
});

test("losses that the last answer may have overtaken upstream are counted", () => {
  // Packet 3 overtook packet 2. Packets 8 and 9 have no answer; only packet 9 is close enough to have been overtaken by 10.
  const order = [1, 3, 2, 4, 5, 6, 7, 10];
  const recorder = startSession().receive(
    10,
    order.map((packet, reflected) => [packet, reflected]),
  );
  expect(recorder.reflector).toEqual({ reflected: 8, arrived: 8, lostBefore: 2, overtaken: 1 });
});

test("an answer that was overtaken downstream alone was not overtaken upstream", () => {
  const recorder = startSession().receive(10, [
    [1, 0],
    [3, 2],
    [2, 1],
    [10, 7],
  ]);
  expect(recorder.reflector.overtaken).toBe(0);
});

test("packets that were not sent are not among the losses before the last answer", () => {
  expect(startSession().receive(6, [[5, 0]], 3).reflector.lostBefore).toBe(1);
});

test.each<[what: string, sent: number, answers: Answer[]]>([
  ["repeats after a restart", 100, [...run(1, 0, 20), ...run(21, 0, 20)]],
  ["falls back by more than the window after a restart", 300, [...run(1, 0, 10), [200, 190], [201, 100]]],
  ["exceeds the packets sent", 20, [...run(1, 0, 5), [6, 20]]],
  ["begins above the number of packets sent before", 100, run(1, 40, 30)],
  ["grows by two because another sender's answers are counted too", 20, [0, 1, 2, 10, 11].map((i) => [i + 1, 2 * i])],
])("the numbers are not those of one session if one %s", (_what, sent, answers) => {
  expect(startSession().receive(sent, answers).foreignNumbers).toBe(true);
});

test.each<[what: string, answers: Answer[]]>([
  ["are reordered", [...run(11, 10, 10), ...run(1, 0, 10)]],
  ["begin late because the first packets were lost upstream", run(31, 0, 10)],
  ["begin above 0 because the first answers were lost downstream", run(31, 30, 10)],
  [
    "are ahead of the packets because of copies that were made upstream",
    [
      [1, 0],
      [1, 1, "copy"],
      [2, 2],
      [2, 3, "copy"],
    ],
  ],
])("the numbers are those of one session if they %s", (_what, answers) => {
  expect(startSession().receive(answers.length === 4 ? 2 : 100, answers).foreignNumbers).toBe(false);
});

test("after a restart of the session the numbers begin at 0 again, or are those of several sessions", () => {
  const restarted = startSession();
  restarted.receive(10, run(1, 0, 10));
  expect(restarted.receive(100, run(41, 2, 50)).foreignNumbers).toBe(false);
  expect(restarted.receive(100, run(61, 60, 30)).foreignNumbers).toBe(true);
});
