/** Reads a packets file: every row as an object, with times in ms. */

/** Fates of packets that were sent. */
export const SENT = ["answered", "late", "lost", "failed", "corrupt"] as const;

/** A row. A number is undefined where the cell is empty. */
export interface Row {
  readonly protocol: string;
  readonly fate: string;
  readonly session: number;
  readonly sequence: number;
  readonly intended?: number;
  readonly sent?: number;
  readonly wall?: number;
  readonly scheduleError?: number;
  readonly received?: number;
  readonly arrival?: number;
  readonly order?: number;
  readonly reflected?: number;
  readonly t1?: number;
  readonly t2?: number;
  readonly t3?: number;
  readonly t4?: number;
  readonly estimate?: number;
  readonly server?: number;
  readonly octetsSent: number;
  readonly octetsReceived: number;
  readonly status?: number;
  readonly dropped: string;
  readonly error: string;
  readonly count: number;
}

/** The file is not a packets file. The message says where and why. */
export class PacketsError extends Error {}

type Cells = ReadonlyMap<string, string>;

/** The cells of a line of CSV; a cell in quotation marks can contain commas, and no line breaks. */
function cellsOf(line: string): string[] {
  const cells: string[] = [];
  for (const [, quoted, plain = ""] of line.matchAll(/(?:"((?:[^"]|"")*)"|([^,]*))(?:,|$)/g)) {
    cells.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
  }
  return cells;
}

/** The members of an object in a line of NDJSON, as text: JSON.parse would round the times. */
function membersOf(line: string): Cells {
  const members = new Map<string, string>();
  for (const [, name = "", text, number = ""] of line.matchAll(/"(\w+)":(?:"((?:[^"\\]|\\.)*)"|([^,}]*))/g)) {
    members.set(name, text ?? number);
  }
  return members;
}

/** A number; undefined of an empty cell. */
function numberIn(cells: Cells, name: string, line: number, scale = ""): number | undefined {
  const text = cells.get(name) ?? "";
  if (text === "") return undefined;
  // The decimal point is moved in the text, so that no digit is lost.
  const value = /^-?\d+(\.\d+)?$/.test(text) ? Number(text + scale) : Number.NaN;
  if (Number.isNaN(value)) throw new PacketsError(`line ${line}: ${name} is "${text}"; expected a number`);
  return value;
}

function rowOf(cells: Cells, line: number): Row {
  const whole = (name: string) => numberIn(cells, name, line);
  const ms = (name: string) => numberIn(cells, name, line, "e3");
  const estimate = cells.get("error_estimate") ?? "";
  const optional = {
    intended: ms("intended"),
    sent: ms("sent"),
    wall: ms("wall"),
    scheduleError: ms("schedule_error"),
    received: ms("received"),
    arrival: whole("arrival"),
    order: whole("order"),
    reflected: whole("reflector_sequence"),
    t1: ms("t1"),
    t2: ms("t2"),
    t3: ms("t3"),
    t4: ms("t4"),
    estimate: estimate === "" ? undefined : Number.parseInt(estimate, 16),
    server: ms("server"),
    status: whole("status"),
  };
  return {
    protocol: cells.get("protocol") ?? "",
    fate: cells.get("fate") ?? "",
    session: whole("session") ?? -1,
    sequence: whole("sequence") ?? -1,
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
    octetsSent: whole("octets_sent") ?? 0,
    octetsReceived: whole("octets_received") ?? 0,
    dropped: cells.get("dropped") ?? "",
    error: cells.get("error") ?? "",
    count: whole("count") ?? 1,
  };
}

/** The rows of a file, CSV with a header or NDJSON. Throws a PacketsError. */
export function readRows(text: string): Row[] {
  const lines = text.split("\n").filter((line) => line !== "");
  if (lines[0]?.startsWith("{")) return lines.map((line, index) => rowOf(membersOf(line), index + 1));
  const names = cellsOf(lines[0] ?? "");
  for (const name of ["protocol", "fate", "sequence"]) {
    if (!names.includes(name)) throw new PacketsError(`line 1: no column ${name}; expected the header of --packets`);
  }
  return lines.slice(1).map((line, index) => {
    const cells = cellsOf(line);
    return rowOf(new Map(names.map((name, column) => [name, cells[column] ?? ""])), index + 2);
  });
}

/** The packets of each session in order of sending. */
export function bySession(rows: readonly Row[]): Row[][] {
  const sessions = Map.groupBy(rows, ({ session }) => session);
  return [...sessions.values()].map((packets) => packets.toSorted((a, b) => a.sequence - b.sequence));
}

/** Rows in the order in which the answers arrived. */
export function byArrival(rows: readonly Row[]): Row[] {
  return rows.toSorted((a, b) => (a.arrival ?? 0) - (b.arrival ?? 0));
}

/** Packets in the order in which their fates became final. */
export function byOrder(rows: readonly Row[]): Row[] {
  return rows.toSorted((a, b) => (a.order ?? 0) - (b.order ?? 0));
}

/** Time from the actual sending to the answer, ms. */
export function serviceOf({ received = 0, sent = 0 }: Row): number {
  return received - sent;
}

/** Time from the intended sending to the answer, ms. */
export function responseOf({ received = 0, intended = 0 }: Row): number {
  return received - intended;
}
