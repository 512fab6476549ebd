import { expect, test } from "bun:test";
import { checkOutputs, OutputFiles } from "../../../src/load/cli/outputs.ts";
import { Histogram } from "../../../src/load/measure/histograms/histogram.ts";
import { newRow } from "../../../src/load/measure/packets/packet-row.ts";
import { Recorder } from "../../../src/load/measure/recorder.ts";
import { CSV_HEADER } from "../../../src/load/report/files/csv.ts";
import { EMPTY_SNAPSHOT, reportOf } from "../support/reports.ts";

/** Result files in memory; writing to `broken` throws. */
function memory(broken = "") {
  const files = new Map<string, string>();
  const write = (path: string, text: string, append: boolean) => {
    if (path === broken) throw new Error("no space left");
    files.set(path, append ? `${files.get(path)}${text}` : text);
  };
  return { files, write };
}

test("two outputs in one file are refused", () => {
  const check = (outputs: Parameters<typeof checkOutputs>[0]) => () => checkOutputs(outputs, () => {});
  expect(check({ json: "a", csv: "b", hdr: "b" })).toThrow("--hdr b: --csv has the same file");
  expect(check({ json: "-", csv: "a", html: "b" })).not.toThrow();
});

test("the CSV file gets its header at once, and no file is written that was not requested", () => {
  const { files, write } = memory();
  const outputs = new OutputFiles({ csv: "a.csv" }, write);
  expect([...files]).toEqual([["a.csv", `${CSV_HEADER}\n`]]);
  outputs.finish([]);
  expect([...files.keys()]).toEqual(["a.csv"]);
});

test("the JSON report goes to its file, except for -, which the command prints", () => {
  const { files, write } = memory();
  new OutputFiles({ json: "-" }, write).finish([]);
  expect(files.size).toBe(0);
  new OutputFiles({ json: "a.json" }, write).finish([]);
  expect(files.get("a.json")).toBe("[]\n");
});

test("the packets file gets its header at once, CSV or nothing by its name, and one run after another writes to it", () => {
  const { files, write } = memory();
  new OutputFiles({ packets: "a.ndjson" }, write);
  expect(files.get("a.ndjson")).toBe("");
  const outputs = new OutputFiles({ packets: "a.csv" }, write);
  for (const protocol of ["udp", "http"] as const) {
    const sink = outputs.packets(protocol);
    sink?.add({ ...newRow(), fate: "error" });
    sink?.flush();
  }
  const rows = (files.get("a.csv") ?? "").trimEnd().split("\n");
  expect(rows.map((row) => row.slice(0, 10))).toEqual(["protocol,s", "udp,,,erro", "http,,,err"]);
  expect(new OutputFiles({}, write).packets("udp")).toBeUndefined();
});

test("a packets file from which rows were left out is an output that could not be written", () => {
  const { write } = memory();
  const outputs = new OutputFiles({ packets: "a.csv" }, write);
  const report = { ...reportOf(10, 0, 1), packetLog: { rows: 7, omitted: 3 } };
  const { response, service } = new Recorder();
  outputs.finish([{ report, response, service, timeline: [], timeoutSeconds: 1 }]);
  expect(outputs.failures).toEqual([
    "--packets a.csv: 3 rows were left out, because they could not be written in time; lower --rate",
  ]);
});

test("each output that cannot be written has one line, with its flag, its path and the reason", () => {
  const { write } = memory("a.csv");
  const outputs = new OutputFiles({ csv: "a.csv" }, write);
  outputs.fail("save", "--save: the file is locked");
  expect(outputs.failures).toEqual(["--csv a.csv: no space left", "--save: the file is locked"]);
});

test("a repeated run has its number and side in the CSV file, and an array as JSON", () => {
  const { files, write } = memory();
  const outputs = new OutputFiles({ csv: "a.csv", json: "a.json" }, write, ["run", "side"]);
  outputs.addRow(EMPTY_SNAPSHOT, undefined, { index: 3, of: 5, side: "against" });
  const [head, row] = files.get("a.csv")?.split("\n") ?? [];
  expect([head, row?.split(",").slice(0, 3)]).toEqual([`run,side,${CSV_HEADER}`, ["3", "against", "udp"]]);
  const run = { response: new Histogram(), service: new Histogram(), timeline: [], timeoutSeconds: 2 };
  outputs.finish([{ ...run, report: reportOf(10, 0, 1) }]);
  expect(JSON.parse(files.get("a.json") ?? "")).toBeArrayOfSize(1);
});
