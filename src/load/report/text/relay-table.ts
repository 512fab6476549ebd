/** What the relay of a run did, as a table: a row for each count, a column for each direction. */
import { counted, formatCount, formatSeconds, NONE } from "../../../base/format.ts";
import type { RunReport } from "../report.ts";
import type { ReportedVia, ReportedWay } from "../report-via.ts";
import { countLine } from "./count-line.ts";
import { paint, type Screen, wrap } from "./screen.ts";
import { beside, layOut } from "./table.ts";

type Cell = (way: ReportedWay) => string;
type RelayRow = readonly [label: string, cell: Cell, isKept?: boolean];

/** Datagrams, or octets of connections. */
function amountRows({ transport, up, down }: ReportedVia): RelayRow[] {
  const isUdp = transport === "udp";
  const reasons = new Set([...Object.keys(up?.drops ?? {}), ...Object.keys(down?.drops ?? {})]);
  const effects = new Set([...Object.keys(up?.effects ?? {}), ...Object.keys(down?.effects ?? {})]);
  effects.delete("delay"); // has rows of its own
  return [
    ["in", (way) => formatCount(isUdp ? way.packetsIn : way.bytesIn), true],
    ["dropped", (way) => formatCount(isUdp ? way.dropped : way.droppedBytes), true],
    ...Array.from(
      reasons,
      (reason): RelayRow => [
        isUdp ? `  ${reason}` : `  times by ${reason}`,
        ({ drops }) => formatCount(drops[reason] ?? 0),
      ],
    ),
    ["copies", (way) => formatCount(isUdp ? way.copies : way.copiedBytes)],
    ["out", (way) => formatCount(isUdp ? way.packetsOut : way.bytesOut), true],
    ...Array.from(effects, (name): RelayRow => [`injected: ${name}`, (way) => formatCount(way.effects[name] ?? 0)]),
    ["waiting", (way) => formatCount(isUdp ? way.waiting : way.waitingBytes)],
  ];
}

/** @param sign before the percentiles: those of a relay of a lab are interpolated within the wide buckets of its series */
function delayRows(sign: "" | "≈ "): readonly RelayRow[] {
  const percentile = (seconds: number | null) =>
    seconds === null ? formatSeconds(null) : `${sign}${formatSeconds(seconds)}`;
  return [
    ["added delay mean", ({ added }) => formatSeconds(added.mean), true],
    ["added delay p50", ({ added }) => percentile(added.p50)],
    ["added delay p99", ({ added }) => percentile(added.p99)],
  ];
}

/** The name of the relay and its faults: `relay slow (udp 127.0.0.1:9000), faults delay=20/20`. */
export function relayTitle({ relay, transport, address, faults }: ReportedVia): string {
  return `relay ${relay === null ? "" : `${relay} `}(${transport} ${address}), faults ${faults}`;
}

/** The counts in one line: `upstream 9 of 100 datagrams dropped, 74.7 µs added on average; downstream …`. */
export function relaySums({ transport, up, down }: ReportedVia): string {
  if (up === null || down === null) return "its counts are not known";
  const way = ({ packetsIn, bytesIn, dropped, droppedBytes, added }: ReportedWay) =>
    transport === "udp"
      ? `${formatCount(dropped)} of ${counted(packetsIn, "datagram")} dropped, ${formatSeconds(added.mean)} added on average`
      : `${formatCount(droppedBytes)} of ${counted(bytesIn, "octet")} not passed on, ${formatSeconds(added.mean)} added on average`;
  return `upstream ${way(up)}; downstream ${way(down)}`;
}

/** What limits the counts; empty if they are those of the run alone. */
export function relayNotes({ otherClients, reason, up, upstreamErrors }: ReportedVia): string[] {
  return [
    ...(reason === null ? [] : [`relay: ${reason}`]),
    ...countLine("relay: the target could not be reached", upstreamErrors),
    ...(otherClients === true
      ? ["relay: other clients used it during the run; which of its losses are those of this run is not known"]
      : []),
    ...(otherClients === null && up !== null
      ? ["relay: its counts are those of all its clients; whether others used it is not known"]
      : []),
  ];
}

function tableOf({ protocol, via }: RunReport, isOne: boolean, screen: Screen): string[] {
  if (via === null) return [];
  const title = `${isOne ? "" : `${protocol}: `}${relayTitle(via)}`;
  const head = paint(screen, "strong", wrap(title, screen.columns, "", "  "));
  const { up, down } = via;
  if (up === null || down === null) return [`${head}\nits counts are not known`];
  const unit = via.transport === "udp" ? "datagrams" : "octets";
  const rows = [...amountRows(via), ...delayRows(via.relay === null ? "" : "≈ ")]
    .map(([label, cell, isKept]) => ({ cells: [label, cell(up), cell(down)], isKept }))
    .filter(({ cells: [, ...values], isKept }) => isKept || values.some((value) => value !== "0" && value !== NONE));
  const table = layOut([[unit, "upstream", "downstream"], ...rows.map(({ cells }) => cells)], screen.columns);
  return [`${head}\n${table}`];
}

/** The tables of all runs that went through a relay; empty without any. */
export function relayTables(reports: readonly RunReport[], screen: Screen): string {
  const tables = reports.flatMap((report) => tableOf(report, reports.length === 1, screen));
  return beside(tables, screen.columns);
}
