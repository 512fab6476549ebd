/** The calls on kept runs and their encoded results. */
import { expect, test } from "bun:test";
import { RunLibrary } from "../../../src/runs/kept/library.ts";
import { RunStore } from "../../../src/runs/kept/store.ts";
import { storedFrom } from "../../../src/runs/kept/stored-run.ts";
import { makeRun, newPath, parseBody } from "../support.ts";

const { report, detail } = await makeRun();
const RUN = storedFrom({ source: "page", reports: [report], details: [detail] });
const BOUNDS = { targets: ["10.0.0.7"], caps: { rate: 1, seconds: 2, connections: 3, size: 4 } };

test("the list has the runs, newest first, and the bounds", () => {
  using library = new RunLibrary(RunStore.open(undefined));
  expect(parseBody(library.list(BOUNDS))).toEqual({ runs: [], file: false, ...BOUNDS });
  expect([library.save(RUN), library.save(RUN)]).toEqual([1, 2]);
  const { runs } = parseBody(library.list(BOUNDS));
  expect(runs).toMatchObject([
    { id: 2, lines: [{ sent: 20 }] },
    { id: 1, lines: [{ sent: 20 }] },
  ]);
  expect(library.delete(2)).toBe(true);
  expect(parseBody(library.list(BOUNDS)).runs.map(({ id }: { id: number }) => id)).toEqual([1]);
});

test("of a file, the list says so and has the newest 500", () => {
  using store = RunStore.open(newPath());
  for (let i = 0; i < 501; i++) store.saveStored({ ...RUN, reports: "[]" });
  const { runs, file } = parseBody(new RunLibrary(store).list(BOUNDS));
  expect([file, runs.length, runs[0].id, runs.at(-1).id]).toEqual([true, 500, 501, 2]);
});

test("a run, its report and a comparison are what the store has; a run that is not kept has none", () => {
  using library = new RunLibrary(RunStore.open(undefined));
  library.save(RUN);
  expect(parseBody(library.run(1)).reports).toEqual([report]);
  expect(parseBody(library.report(1))).toEqual(report);
  expect(parseBody(library.compare(1, 1) as Uint8Array)).toMatchObject({ before: 1, after: 1 }); // both are kept
  expect([library.run(2), library.report(2), library.delete(2)]).toEqual([undefined, undefined, false]);
  expect([library.compare(1, 2), library.compare(3, 1)]).toEqual([{ missing: 2 }, { missing: 3 }]);
});

test("a run of more than 32 MiB is listed as unreadable and not read", () => {
  using library = new RunLibrary(RunStore.open(undefined));
  library.save({ ...RUN, reports: `["${"x".repeat(33 * 1024 * 1024)}"]` });
  expect(parseBody(library.list(BOUNDS)).runs).toMatchObject([{ id: 1, lines: [], unreadable: true }]);
  expect(() => library.run(1)).toThrow("run 1 is kept, but has more than 33554432 bytes");
  expect(library.delete(1)).toBe(true);
});
