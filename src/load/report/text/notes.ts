/** Notes on the numbers of a report: sources of directions, missing intervals, clocks, errors, statuses. */
import { clockNotes } from "../clock-notes.ts";
import { shownPercentiles } from "../percentiles.ts";
import type { RunReport } from "../report.ts";
import { UNKNOWN_ANSWER } from "../report-packets.ts";
import { countLine } from "./count-line.ts";
import { handshakeNotes } from "./handshake-rows.ts";
import { relayNotes } from "./relay-table.ts";
import { type Screen, wrap } from "./screen.ts";

/** Why estimates of the response time have no interval. */
function intervalNotes({ responseTime }: RunReport): string[] {
  const reasons = new Map<string, string[]>();
  const mean = { label: "mean", noInterval: responseTime.noInterval.mean };
  for (const { label, noInterval } of [mean, ...shownPercentiles(responseTime)]) {
    if (noInterval !== undefined) reasons.set(noInterval, [...(reasons.get(noInterval) ?? []), label]);
  }
  const times = Array.from(reasons, ([reason, names]) => `${names.join(", ")} (${reason})`);
  return times.length === 0 ? [] : [`response times without a 95 % interval: ${times.join(", ")}`];
}

/** What the times of failed packets are of. */
export const FAILED_TIMES = "response times of the answers with a status outside 2xx";

/** What the percentiles are over, where that is not the same for all times. */
function percentileNotes({ responseTime: { count, packets }, failedTime }: RunReport): string[] {
  return [
    ...(count === 0 || count === packets
      ? []
      : ["percentiles of response and service are of all packets sent; the others are of answers"]),
    ...(failedTime.count === 0 ? [] : [`failed: ${FAILED_TIMES}`]),
  ];
}

/** Which certificates the run accepted, where that is not as by default. */
function certificateNotes({ plan }: RunReport): string[] {
  const tls = plan?.tls;
  if (tls === undefined) return [];
  if (!tls.verify) return ["trusted certificates: any (--insecure)"];
  if (tls.ca === "options") return ["trusted certificates: those of --ca"];
  return tls.ca === "lab" ? ["trusted certificates: those of the authority of the lab on this machine"] : [];
}

function notesOf(report: RunReport): string[] {
  const { packets, evidence, errors, statuses } = report;
  const hasOtherStatuses = Object.keys(statuses).some((status) => status !== "200");
  return [
    ...(packets.lost > 0 ? [`directions of losses: ${evidence.text}`] : []),
    ...(report.via === null ? [] : relayNotes(report.via)),
    ...clockNotes(report),
    ...percentileNotes(report),
    ...intervalNotes(report),
    ...certificateNotes(report),
    ...handshakeNotes(report),
    ...countLine("errors", errors),
    ...(errors[UNKNOWN_ANSWER] === undefined
      ? []
      : [`${UNKNOWN_ANSWER}: intact answers after the waiting time (--wait), whose packets count as lost`]),
    ...(hasOtherStatuses ? countLine("statuses", statuses) : []),
  ];
}

/** The notes of all reports; one that is the same for several reports is printed once, with their protocols. */
export function noteLines(reports: readonly RunReport[], screen: Screen): string[] {
  const notes = new Map<string, string[]>();
  for (const report of reports) {
    for (const note of notesOf(report)) notes.set(note, [...(notes.get(note) ?? []), report.protocol]);
  }
  return Array.from(notes, ([note, protocols]) => {
    const head = reports.length === 1 ? "" : `${protocols.join(", ")}: `;
    return wrap(`${head}${note}`, screen.columns, "", "  ");
  });
}
