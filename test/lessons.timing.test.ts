/**
 * The commands of docs/lessons.md, run as a reader would type them: numbers in bold are in the output of their lesson. It
 * takes as long as the longest lesson, because each runs in a network namespace of its own beside the others.
 */
import { beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunReport } from "wirelab";
import { filtersRun } from "./support/namespace.ts";
import { canRunTyped, runTyped } from "./support/typed-commands.ts";

const LIMIT_MS = 120_000;
const [head = "", ...sections] = (await Bun.file(new URL("../docs/lessons.md", import.meta.url)).text()).split(/^## /m);

/** The lines of the shell blocks of a text. */
function commandsOf(text: string): string[] {
  return [...text.matchAll(/```sh\n(.*?)```/gs)].flatMap(([, block = ""]) => block.trim().split("\n"));
}

const LAB = /`(bun run dev[^`]*)`/.exec(head)?.[1];
const PRELUDE = commandsOf(head).join("\n");

const lessons = sections.map((text) => {
  const commands = commandsOf(text);
  // A shell in a network namespace: the test opens one itself, and the lesson starts its own lab there.
  const isNamespace = commands[0]?.startsWith("sudo ") ?? false;
  return {
    title: text.split("\n")[0] ?? "",
    text,
    commands: isNamespace ? commands.slice(1) : commands,
    lab: isNamespace ? undefined : LAB,
    bold: [...text.matchAll(/\*\*(.+?)\*\*/gs)].map(([, number = ""]) => number),
  };
});

/** Without line breaks, columns and the commas of thousands. */
function plain(text: string): string {
  return text.replace(/\s+/g, " ").replace(/(?<=\d),(?=\d{3})/g, "");
}

/** Whether `output` contains a number as a word of its own. */
function contains(output: string, number: string): boolean {
  const text = plain(number).replace(/[.()]/g, "\\$&");
  return new RegExp(`(?<![\\d.])${text}(?![\\d]|\\.\\d)`).test(plain(output));
}

interface LessonResult {
  readonly output: string;
  /** The commands that failed, without those of which a lesson shows the failure. */
  readonly failed: readonly string[];
  /** The reports of the runs, in order. */
  readonly reports: readonly RunReport[];
}

/** Runs a lesson; each load run also writes its report to a file, which does not change what it prints. */
async function runLesson({ commands, lab }: (typeof lessons)[number]): Promise<LessonResult> {
  const folder = mkdtempSync(join(tmpdir(), "lesson-"));
  try {
    const files: string[] = [];
    const withReport = (line: string) =>
      `${line} --json ${files[files.push(join(folder, `${files.length}.json`)) - 1]}`;
    const inOrder = commands.map((line) => (line.includes("scripts/load.ts") ? withReport(line) : line));
    const outcomes = await runTyped({ lab, prelude: PRELUDE, inOrder });
    return {
      output: outcomes.map(({ output }) => output).join("\n"),
      failed: outcomes.filter(({ line, status }) => status !== 0 && !line.endsWith("once")).map(({ line }) => line),
      reports: (await Promise.all(files.map((path) => Bun.file(path).json()))).flat(),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("every lesson has commands, and ends with a word on the verdict", () => {
  expect(lessons.length).toBe(10);
  expect(LAB).toBe("bun run dev --seed 3259");
  for (const { title, text, commands, bold } of lessons) {
    expect([title, commands.length >= 2, bold.length > 0]).toEqual([title, true, true]);
    expect([
      title,
      text
        .trim()
        .split("\n\n")
        .some((paragraph) => paragraph.startsWith("_Verdict:_ ")),
    ]).toEqual([title, true]);
  }
});

const can = canRunTyped("docs/lessons.md");
const canFilter = can && filtersRun();

/** The lesson whose title contains these words. */
function lesson(words: string) {
  const found = lessons.find(({ title }) => title.includes(words));
  if (found === undefined) throw new Error(`docs/lessons.md has no lesson "${words}"`);
  return found;
}

const valid = (report: RunReport | undefined) => report?.verdict.valid ?? false;

describe.skipIf(!can)("the numbers in bold are printed", () => {
  const runnable = lessons.filter(({ lab }) => lab !== undefined || canFilter);
  const results = new Map<string, Promise<LessonResult>>();
  // All begin together, however many tests run at a time.
  beforeAll(() => {
    for (const lesson of runnable) {
      const result = runLesson(lesson);
      result.catch(() => {}); // its test reports the error
      results.set(lesson.title, result);
    }
  });

  test.each(runnable.map((lesson) => [lesson.title, lesson] as const))(
    "%s",
    async (title, lesson) => {
      const result = await results.get(title);
      if (result === undefined) throw new Error("the lesson has not begun");
      const { output, failed, reports } = result;
      expect([title, failed]).toEqual([title, []]);
      expect([title, lesson.bold.filter((number) => !contains(output, number))]).toEqual([title, []]);
      CLAIMS[title.replace(/^\d+\. /, "")]?.(reports, output);
    },
    LIMIT_MS,
  );
});

/** What lessons say of numbers that depend on the machine; times of a run that is not valid may be longer. */
const CLAIMS: Readonly<Record<string, (reports: readonly RunReport[], output: string) => void>> = {
  "Delay and its variation": ([fast, slow]) => {
    // A busy machine adds to the delays of the lab, which the verdict of the load run does not know.
    const isQuiet = (report: RunReport | undefined) => valid(report) && (report?.responseTime.p50 ?? 1) < 0.052;
    for (const report of [fast, slow]) expect(report?.responseTime.p50).toBeWithin(0.045, 0.2);
    if (isQuiet(fast)) expect(fast?.jitter.rfc3550Mean).toBeWithin(0.009, 0.015);
    expect(fast?.packets.reordered).toBeGreaterThan(1250);
    if (isQuiet(slow)) expect(slow?.packets.reordered).toBe(0);
  },
  "A duplicate is not a delivery": ([report]) => {
    const { sent = 0, answered = 0, duplicate = 0 } = report?.packets ?? {};
    expect([answered + duplicate, answered / sent]).toEqual([4951, 0.8996]);
  },
  "A closed loop hides delay": ([closed, open]) => {
    expect(closed?.responseTime.p50).toBeGreaterThan(0.1);
    expect(open?.serviceTime.p50).toBeWithin(0.1, 0.2);
    expect(open?.responseTime.max).toBeWithin(1.5, 4);
    expect(open?.packets.unsent).toBeWithin(200, 350);
    expect(valid(open)).toBe(false);
  },
  "On TCP, loss becomes delay": (reports) => {
    const of = (protocol: string) => reports.find((report) => report.protocol === protocol);
    expect(of("udp")?.loss.ratio).toBeWithin(0.05, 0.16);
    expect(of("tcp")?.packets.lost).toBe(0);
    // Null: over the timeout.
    expect(of("http")?.responseTime.p99 ?? 2).toBeGreaterThan(0.19);
    expect(of("tcp")?.responseTime.p99 ?? 2).toBeGreaterThan(0.005);
  },
  "What loss is to an HTTP client": ([dropped, closed, stalled]) => {
    expect([dropped?.statuses["503"], closed?.errors.closed]).toEqual([51, 48]);
    expect([dropped, closed, stalled].map((report) => report?.packets.droppedUp)).toEqual([51, 48, 50]);
    expect(stalled?.responseTime.over.p95).toBe(0.5);
  },
  "What does encryption cost, what does HTTP/3 buy": (reports, output) => {
    const [http = 0, https = 0, , reopened = 0] = [...output.matchAll(/lab: ([\d.]+) ms/g)].map(([, ms]) => Number(ms));
    // The first run has the lab's own warm-up too, and other work on the machine makes all of them longer.
    expect(reopened).toBeGreaterThan(1.5 * Math.min(http, https));
    const { full, resumed } = reports[3]?.handshakes?.tls ?? {};
    // A handshake for each packet; a busy machine does not send all, and does not complete each handshake in time.
    const { sent = 0, answered = 0 } = reports[3]?.packets ?? {};
    expect((full?.count ?? 0) + (resumed?.count ?? 0)).toBeWithin(answered, sent + 1);
    if (answered === sent) expect((full?.count ?? 0) + (resumed?.count ?? 0)).toBe(sent);
    expect(resumed?.count).toBeGreaterThan(full?.count ?? 0);
    if (valid(reports[3])) expect(resumed?.mean).toBeLessThan(full?.mean ?? 0);
    const [https1, http2, http3] = reports.slice(-3);
    expect([https1, http2, http3].map((report) => report?.packets.lost)).toEqual([0, 0, 0]);
    // Null: over the timeout. In 20 runs the p99 was 253 to 420 ms, 200 to 621 ms, and 17 to 34 ms.
    const [p99 = 0, p99OfStreams = 0, p99OfQuic = 0] = [https1, http2, http3].map((run) => run?.responseTime.p99 ?? 10);
    expect(p99).toBeGreaterThan(0.19);
    expect(p99OfStreams).toBeGreaterThan(0.1);
    expect(p99OfQuic).toBeLessThan(p99OfStreams);
  },
  "Bufferbloat in one command": ([large, small]) => {
    for (const report of [large, small]) {
      const { up } = report?.via ?? {};
      expect([up?.packetsIn, up?.drops["queue-full"]]).toEqual([2500, report?.packets.lostUp]);
    }
    // A busy machine sends in bursts, of which a queue loses more, the small one most; late answers are no losses of the link.
    expect(large?.packets.lostUp).toBeWithin(280, valid(large) ? 400 : 1000);
    expect(small?.packets.lostUp).toBeWithin(470, valid(small) ? 700 : 1500);
    expect(large?.responseTime.p50).toBeWithin(0.48, valid(large) ? 0.6 : 1.5);
    expect(small?.responseTime.p50).toBeWithin(0.015, valid(small) ? 0.1 : 0.4);
    expect(large?.via?.up?.added.mean).toBeGreaterThan(10 * (small?.via?.up?.added.mean ?? 1));
  },
};

test("every claim belongs to a lesson", () => {
  for (const title of Object.keys(CLAIMS)) expect(lesson(title).title).toEndWith(title);
});
