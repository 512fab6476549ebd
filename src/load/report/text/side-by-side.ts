/** Many protocols side by side: a row for each, so that their times can be compared without reading a matrix of each. */
import { formatSeconds } from "../../../base/format.ts";
import { formatTime } from "../format-time.ts";
import type { RunReport } from "../report.ts";
import { handshakeTimes } from "./handshake-rows.ts";
import { paint, type Screen } from "./screen.ts";
import { beside, layOut, type Rows } from "./table.ts";

/** Up to this many reports, their matrices and columns are enough. */
const FEW = 3;

const QUANTILES = ["p50", "p90", "p99"] as const;

function responseRows(reports: readonly RunReport[]): Rows {
  return [
    ["response", "mean", ...QUANTILES, "max"],
    ...reports.map(({ protocol, responseTime }) => [
      protocol,
      formatSeconds(responseTime.mean),
      ...QUANTILES.map((name) => formatTime(responseTime, name)),
      formatSeconds(responseTime.max),
    ]),
  ];
}

/** The means of the handshakes of each kind that any report has. */
function handshakeMeans(reports: readonly RunReport[]): Rows {
  const labels = [...new Set(reports.flatMap((report) => handshakeTimes(report).map(([label]) => label)))];
  if (labels.length === 0) return [];
  const rows = reports.map((report) => {
    const means = new Map(handshakeTimes(report).map(([label, { mean }]) => [label, formatSeconds(mean)]));
    return [report.protocol, ...labels.map((label) => means.get(label) ?? "")];
  });
  return [["handshake, mean", ...labels], ...rows.filter((row) => row.slice(1).some((cell) => cell !== ""))];
}

/** The response times, and the means of the handshakes, of more than three protocols; empty for fewer. */
export function sideBySide(reports: readonly RunReport[], screen: Screen): string {
  if (reports.length <= FEW) return "";
  const tables = [responseRows(reports), handshakeMeans(reports)].filter((rows) => rows.length > 0);
  const drawn = tables.map(([head = [], ...rows]) =>
    layOut([head.map((text) => paint(screen, "strong", text)), ...rows], screen.columns),
  );
  return beside(drawn, screen.columns);
}
