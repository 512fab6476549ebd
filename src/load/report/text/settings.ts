/** The plan of a run in one line. */
import { counted, formatRate, formatSeconds } from "../../../base/format.ts";
import { REGISTRY } from "../../../base/protocol.ts";
import type { RunReport } from "../report.ts";
import type { ReportedPlan } from "../report-plan.ts";
import { paint, type Screen, wrap } from "./screen.ts";

function rateOf({ rate, stages, arrival, inFlight, connections, streams = 1 }: ReportedPlan): string {
  if (rate === "max") {
    const flight = inFlight === null || inFlight === connections * streams ? "" : `, ${inFlight} in flight`;
    return `as fast as answers arrive${flight}`;
  }
  const random = arrival === "poisson" ? " (Poisson)" : "";
  if (rate !== null) return `${formatRate(rate)}${random}`;
  const list = (stages ?? []).map(({ from, to, seconds }) => `${from === to ? to : `${from}-${to}`}/${seconds}s`);
  return `stages ${list.join(",")}${random}`;
}

function limitOf({ seconds, count, stages }: ReportedPlan): string {
  const limits = [
    ...(seconds === null || stages !== null ? [] : [formatSeconds(seconds)]),
    ...(count === null ? [] : [counted(count, "packet")]),
  ];
  if (limits.length > 0) return ` for ${limits.join(", at most ")}`;
  return stages === null ? " without a time limit" : "";
}

/** The connections and the streams on each. */
function connectionsOf({ connections, streams, onDemand = false }: ReportedPlan): string {
  const most = onDemand && connections > 1 ? "up to " : "";
  const number = counted(connections, "connection");
  if (streams === undefined) return `${most}${number}`;
  return `${most}${number} of ${counted(streams, "stream")}`;
}

/** HTTP methods whose default body has the size of the plan. */
const METHODS_WITH_BODY: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH"]);

/** The size of a packet; none of a request without the default body, and of a plain text, which has no padding. */
function sizeOf({ size, http }: ReportedPlan): string[] {
  const isOwn = http === null || (METHODS_WITH_BODY.has(http.method ?? "") && !http.withheld.includes("body"));
  return isOwn && size > 0 ? [counted(size, "octet")] : [];
}

/** The method and the target, with the address to which its name resolved. */
function targetOf({ target, address, plan }: RunReport): string {
  const method = plan?.http?.method ?? null;
  const resolved = address === "" || target.includes(address) ? "" : ` (${address})`;
  return `${method === null ? "" : `${method} `}${target}${resolved}`;
}

/** Each repetition has the next seed. */
function seedOf({ seed, repetition }: RunReport): string {
  return `seed ${seed}${repetition === undefined ? "" : ` in run ${repetition.index}`}`;
}

/** Which send times the run has where they are not those of passing the packets to the kernel: the runtime sends over QUIC. */
function sendTimesOf({ protocol }: ReportedPlan): string[] {
  const { requests, transport } = REGISTRY[protocol];
  return requests && transport === "udp" ? ["send times of passing requests to the runtime"] : [];
}

/** The settings of a run, from the target to the seed. A report of schema wirelab.run/1 has no others. */
function settingsOf(report: RunReport): string[] {
  const { plan } = report;
  if (plan === null) return [targetOf(report), seedOf(report)];
  return [
    targetOf(report),
    ...(plan.via === undefined ? [] : [`via ${plan.via}`]),
    `${rateOf(plan)}${limitOf(plan)}`,
    ...(plan.warmupSeconds > 0 ? [`warm-up ${formatSeconds(plan.warmupSeconds)}`] : []),
    ...sizeOf(plan),
    ...(plan.mode === "plain" ? ["plain text"] : []),
    connectionsOf(plan),
    `timeout ${formatSeconds(plan.timeoutSeconds)}`,
    ...sendTimesOf(plan),
    seedOf(report),
  ];
}

/** One line for each report; what is equal for all reports has a line of its own. */
export function settingsLines(reports: readonly RunReport[], screen: Screen): string[] {
  const all = reports.map(settingsOf);
  const common = (all[0] ?? []).filter((setting) => all.every((settings) => settings.includes(setting)));
  const line = (text: string, indent: string) =>
    paint(screen, "faint", wrap(text, screen.columns, indent, `${indent}  `));
  return [
    line(`settings: ${common.join(", ")}`, ""),
    ...reports.flatMap(({ protocol, repetition }, index) => {
      const own = (all[index] ?? []).filter((setting) => !common.includes(setting));
      const side = repetition?.side === undefined ? "" : ` ${repetition.side}`;
      return own.length === 0 ? [] : [line(`${protocol}${side}: ${own.join(", ")}`, "  ")];
    }),
  ];
}
