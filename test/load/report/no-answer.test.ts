import { expect, test } from "bun:test";
import { Recorder } from "../../../src/load/measure/recorder.ts";
import type { LoadOptions } from "../../../src/load/plan/options.ts";
import { planRun } from "../../../src/load/plan/run-plan.ts";
import { noAnswerReason } from "../../../src/load/report/no-answer.ts";

/** The reason of a run against [::1]:7 that counted this. */
function reasonFor(
  count: (recorder: Recorder) => void,
  target?: string,
  options: Partial<LoadOptions> = {},
  directions = { lostDown: 0, droppedDown: 0 },
): string | undefined {
  const recorder = new Recorder();
  count(recorder);
  const plan = planRun({ protocol: "udp", ...(target === undefined ? {} : { target }), ...options });
  return noAnswerReason(recorder, { hostname: "::1", address: "::1", port: 7, sameHost: true }, plan, directions);
}

test("a run with an answer, even a late one, has no reason", () => {
  expect(reasonFor(({ counts }) => void counts.answered++)).toBe(undefined);
  expect(reasonFor(({ counts }) => void counts.late++)).toBe(undefined);
});

test("a status that counts as failed is an answer", () => {
  expect(reasonFor(({ failed }) => failed.record(3))).toBe(undefined);
});

test("the reason is what arrived instead of an answer", () => {
  const notInProtocol = "[::1]:7 answers, but not in the protocol; --mode plain accepts any answer";
  expect(reasonFor(({ counts }) => void counts.corrupt++)).toBe(notInProtocol);
  expect(reasonFor((recorder) => recorder.countError("not-framed"))).toBe(notInProtocol);
  expect(reasonFor((recorder) => recorder.countError("ECONNREFUSED"), "[::1]:7")).toBe(
    "nothing listens at [::1]:7 (ECONNREFUSED)",
  );
  expect(reasonFor((recorder) => recorder.countError("ECONNREFUSED"))).toEndWith("; to start the lab: bun run dev");
  expect(reasonFor((recorder) => recorder.countStatus(404))).toBe(
    "[::1]:7 answered nothing within the timeout (status 404)",
  );
  expect(reasonFor(() => undefined)).toBe("[::1]:7 answered nothing within the timeout");
});

test("a target that has answered every packet is not said to have answered nothing", () => {
  const lost = (protocol: "udp" | "tcp", lostDown: number, droppedDown = 0) => {
    const count = ({ counts }: Recorder) => {
      counts.lost = 3;
    };
    return reasonFor(count, undefined, { protocol }, { lostDown, droppedDown });
  };
  expect(lost("udp", 3)).toStartWith(
    "[::1]:7 has answered, but no answer arrived: the way back loses all, or a target on",
  );
  const nothing = "[::1]:7 answered nothing within the timeout";
  expect([lost("udp", 2), lost("udp", 3, 1), lost("udp", 0), lost("tcp", 3)]).toEqual(Array(4).fill(nothing));
});

test("--mode plain is advised only where it is accepted", () => {
  const reason = (options: Partial<LoadOptions>) =>
    reasonFor(({ counts }) => void counts.corrupt++, undefined, options);
  expect(reason({ protocol: "tcp" })).toContain("--mode plain");
  expect(reason({ protocol: "tcp", mode: "plain" })).toBe("[::1]:7 answers, but not as TCP");
  expect(reason({ protocol: "http" })).toBe("[::1]:7 answers, but not as HTTP");
});
