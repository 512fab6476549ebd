import { describe, expect, test } from "bun:test";
import { newRow, type PacketRow } from "../../../../src/load/measure/packets/packet-row.ts";
import { PACKET_COLUMNS, PACKETS_HEADER } from "../../../../src/load/report/files/packet-columns.ts";
import { type PacketForm, PacketText, packetFormOf } from "../../../../src/load/report/files/packet-text.ts";

/** The text of rows with these values. */
function textOf(form: PacketForm, ...rows: readonly Partial<PacketRow>[]): string {
  let text = "";
  const writer = new PacketText("udp", form, (part) => {
    text += part;
    return true;
  });
  for (const row of rows) expect(writer.add({ ...newRow(), ...row })).toBe(true);
  writer.flush();
  return text;
}

/** The cells of a row of CSV by their columns, without empty ones. */
function cellsOf(row: Partial<PacketRow>): Record<string, string> {
  const cells = textOf("csv", row).trimEnd().split(",");
  const named = PACKET_COLUMNS.map(({ name }, index) => [name, cells[index] ?? ""]);
  return Object.fromEntries(named.filter(([, cell]) => cell !== ""));
}

const ANSWERED: Partial<PacketRow> = {
  fate: "answered",
  session: 2,
  sequence: 4_294_967_297,
  intendedAt: 1000,
  sentAt: 1000.0004996,
  wallSentAt: 1_795_380_420_586.0559,
  scheduleError: 0.0000004,
  receivedAt: 61_999.9999999,
  t2: -1.5,
  estimate: 0x1601,
  octetsSent: 64,
  status: 200,
  dropped: "up",
};

describe("a row", () => {
  test("has times in s with 9 decimals, whole numbers, and empty cells", () => {
    expect(cellsOf(ANSWERED)).toEqual({
      protocol: "udp",
      session: "2",
      sequence: "4294967297",
      fate: "answered",
      intended: "1.000000000",
      sent: "1.000000500",
      wall: "1795380420.586055908",
      schedule_error: "0.000000000",
      received: "62.000000000",
      t2: "-0.001500000",
      error_estimate: "1601",
      octets_sent: "64",
      status: "200",
      dropped: "up",
      count: "1",
    });
  });

  test("of NDJSON is an object without the empty values", () => {
    const [line = ""] = textOf("ndjson", { ...ANSWERED, error: 'a "b"\n' }).split("\n");
    expect(JSON.parse(line)).toEqual({
      protocol: "udp",
      session: 2,
      sequence: 4_294_967_297,
      fate: "answered",
      intended: 1,
      sent: 1.0000005,
      wall: 1795380420.586056,
      schedule_error: 0,
      received: 62,
      t2: -0.0015,
      error_estimate: "1601",
      octets_sent: 64,
      status: 200,
      dropped: "up",
      error: 'a "b"\n',
      count: 1,
    });
  });

  test("quotes an error code with a comma", () => {
    expect(textOf("csv", { fate: "error", error: 'a,"b"' })).toEndWith(',"a,""b""",1\n');
  });

  test("wall-clock times are read back without an error", () => {
    for (const ms of [1_795_380_420_586.0559, 1_795_380_420_999.9998, 1_800_000_000_000]) {
      expect(Number(`${cellsOf({ wallSentAt: ms }).wall}e3`)).toBe(ms);
    }
  });
});

test("the header names every column once", () => {
  const names = PACKETS_HEADER.trimEnd().split(",");
  expect(names).toEqual(PACKET_COLUMNS.map(({ name }) => name));
  expect(new Set(names).size).toBe(names.length);
  expect(textOf("csv", {}).split(",").length).toBe(names.length);
});

test("the name of the file decides the form", () => {
  expect(["a.csv", "a.ndjson", "a.JSONL", "ndjson"].map(packetFormOf)).toEqual(["csv", "ndjson", "ndjson", "csv"]);
});

test("many rows are written in parts of less than 64 KiB, with nothing lost in between", () => {
  const parts: string[] = [];
  const writer = new PacketText("udp", "csv", (text) => parts.push(text) > 0);
  for (let sequence = 0; sequence < 3000; sequence++) writer.add({ ...newRow(), ...ANSWERED, sequence });
  writer.flush();
  const rows = parts.join("").trimEnd().split("\n");
  expect(rows.map((row) => Number(row.split(",")[2]))).toEqual(Array.from({ length: 3000 }, (_, n) => n));
  expect(parts.length).toBeGreaterThan(5);
  expect(Math.max(...parts.map(({ length }) => length))).toBeLessThan(65_536);
});

test("after an error no rows are added, and those of the buffer count as unwritten", () => {
  const writer = new PacketText("udp", "csv", () => false);
  expect([writer.add(newRow()), writer.add(newRow())]).toEqual([true, true]);
  writer.flush();
  expect(writer.unwritten).toBe(2);
  expect(writer.add(newRow())).toBe(false);
  writer.flush();
  expect(writer.unwritten).toBe(2);
});
