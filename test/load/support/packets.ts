/** Load runs with their packets, in memory. */
import type { LoadOptions } from "../../../src/load/plan/options.ts";
import { PACKETS_HEADER } from "../../../src/load/report/files/packet-columns.ts";
import { type PacketForm, PacketText } from "../../../src/load/report/files/packet-text.ts";
import type { RunReport } from "../../../src/load/report/report.ts";
import { runLoad } from "../../../src/load/run.ts";

/** A report and the packets file of the same run. */
export interface LoggedRun {
  readonly report: RunReport;
  readonly packets: string;
}

/** Runs to the end, and keeps the packets. */
export async function runLogged(options: LoadOptions, form: PacketForm = "csv"): Promise<LoggedRun> {
  let packets = form === "csv" ? PACKETS_HEADER : "";
  const sink = new PacketText(options.protocol, form, (text) => {
    packets += text;
    return true;
  });
  const report = await runLoad(options, undefined, sink).report;
  return { report, packets };
}
