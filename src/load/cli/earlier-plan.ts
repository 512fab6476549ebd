/** `--repeat FILE`: the plan of the runs in a JSON report, as options that flags can override. */
import { defined } from "../../base/defined.ts";
import { PROTOCOLS } from "../../base/protocol.ts";
import { UsageError } from "../plan/errors.ts";
import type { HttpOptions, LoadOptions } from "../plan/options.ts";
import { totalSeconds } from "../plan/schedule.ts";
import type { RunReport } from "../report/report.ts";
import type { ReportedPlan, ReportedRequests } from "../report/report-plan.ts";
import { type ReadFile, readReportFile } from "./input-files.ts";

/** The most connections that are opened on demand, in reports that do not say whether they were. */
const ON_DEMAND = 256;

/** A flag whose value a report leaves out: it may be secret, or it is a file. */
type Withheld = ReportedRequests["withheld"][number] | "ca";

/** A run of an earlier report. */
export interface EarlierRun {
  readonly options: LoadOptions;
  /** Flags whose values the report leaves out. */
  readonly withheld: readonly Withheld[];
}

/** The runs of an earlier report. */
export interface EarlierPlan {
  readonly path: string;
  readonly runs: readonly EarlierRun[];
  /** Those of `--against`; undefined without any. */
  readonly against: readonly EarlierRun[] | undefined;
  /** How often they were made. */
  readonly repeat: number;
}

/** Reads the plan in a JSON report. Throws a UsageError of one line if there is none. */
export function readEarlierPlan(path: string, readFile: ReadFile): EarlierPlan {
  const reports = readReportFile("repeat", path, readFile, "; expected a number from 2 to 100, or a JSON report");
  const first = reports.filter(({ repetition }) => (repetition?.index ?? 1) === 1);
  const against = first.filter(({ repetition }) => repetition?.side === "against");
  return {
    path,
    runs: first.filter((report) => !against.includes(report)).map((report) => earlierRun(path, report)),
    against: against.length === 0 ? undefined : against.map((report) => earlierRun(path, report)),
    repeat: reports[0]?.repetition?.of ?? 1,
  };
}

function earlierRun(path: string, { protocol, plan, objectives }: RunReport): EarlierRun {
  if (!plan || !PROTOCOLS.includes(plan.protocol)) {
    throw new UsageError(`--repeat ${path}: the ${protocol} report has no plan; earlier versions did not write one`);
  }
  const texts = objectives.map(({ text }) => text);
  const options = { ...optionsOf(plan), ...(texts.length > 0 && { objectives: texts }) };
  const withheld: readonly Withheld[] = plan.http?.withheld ?? [];
  return { options, withheld: plan.tls?.ca === "options" ? [...withheld, "ca"] : withheld };
}

/** The options of a plan. What its defaults decided is left to them where an option would change more. */
function optionsOf(plan: ReportedPlan): LoadOptions {
  const { protocol, target, arrival, mode, rate, stages, seconds, count, connections, inFlight, size, seed } = plan;
  const isStamp = mode === "stamp";
  const isOnDemand = plan.onDemand ?? (!isStamp && rate !== "max" && connections === ON_DEMAND);
  const endless = count === null ? { duration: Number.POSITIVE_INFINITY } : {};
  return {
    ...{ protocol, target, control: plan.control ?? false, arrival, seed },
    ...(plan.via !== undefined && { via: plan.via }),
    ...(mode !== null && { mode }),
    ...(stages === null
      ? { rate: rate ?? "max", ...(seconds === null ? endless : { duration: seconds }) }
      : { stages }),
    ...(count !== null && { count }),
    ...(!isOnDemand && { connections }),
    ...(plan.streams !== undefined && { streams: plan.streams }),
    // Older versions reported it for HTTP alone.
    ...((plan.tls ?? plan.http)?.verify === false && { verify: false }),
    ...(isStamp && inFlight !== null && { inFlight }),
    ...(size > 0 && { size }),
    ...{ timeout: plan.timeoutSeconds, wait: plan.waitSeconds, warmup: plan.warmupSeconds },
    ...(plan.family !== null && { family: plan.family }),
    ...(plan.percentiles && { percentiles: plan.percentiles }),
    ...(plan.http && { http: requestsOf(plan.http) }),
  };
}

function requestsOf({ method, keepAlive }: ReportedRequests): HttpOptions {
  return { ...(method !== null && { method }), keepAlive };
}

/** Whether the options have the value of a flag, or one that makes it unnecessary. */
function gives({ http, ca, verify }: Partial<LoadOptions>, name: Withheld): boolean {
  if (name === "ca") return ca !== undefined || verify === false;
  return http?.[name === "header" ? "headers" : "body"] !== undefined;
}

/**
 * The options of an earlier run with those of the flags in their place. Throws a UsageError if the report leaves out header
 * fields or a body, and no flag gives them again.
 */
function overridden(
  { path }: EarlierPlan,
  { options, withheld }: EarlierRun,
  given: Partial<LoadOptions>,
): LoadOptions {
  const lacking = withheld.find((name) => !gives(given, name));
  if (lacking !== undefined) {
    const why = lacking === "ca" ? "" : " because it may be secret";
    throw new UsageError(
      `--repeat ${path}: the run had --${lacking}, which reports leave out${why}; give it again${lacking === "ca" ? ", or --insecure" : ""}`,
    );
  }
  const { stages, rate, duration, inFlight, control, wait, verify, ...rest } = options;
  const seconds = stages ? totalSeconds(stages) : duration;
  const schedule = given.rate === undefined ? { stages, rate, duration } : { duration: seconds };
  return defined<LoadOptions>({
    ...rest,
    ...(given.stages === undefined ? schedule : {}),
    // These follow from others if one of them is given.
    inFlight: given.rate === undefined && given.mode === undefined ? inFlight : undefined,
    control: given.target === undefined || control === false ? control : undefined,
    wait: given.timeout === undefined ? wait : undefined,
    verify: given.ca === undefined ? verify : undefined,
    ...given,
    ...(options.http || given.http ? { http: { ...options.http, ...given.http } } : {}),
  });
}

/**
 * The runs of an earlier report, of the protocols that both it and the flags have, with what the flags change. Throws a
 * UsageError if there is none.
 */
export function again(
  plan: EarlierPlan,
  runs: readonly EarlierRun[],
  given: readonly LoadOptions[],
): readonly LoadOptions[] {
  const made = runs.flatMap((run) => {
    const options = given.find(({ protocol }) => protocol === run.options.protocol);
    return options === undefined ? [] : [overridden(plan, run, options)];
  });
  if (made.length > 0) return made;
  throw new UsageError(`--repeat ${plan.path}: the report has no ${given[0]?.protocol} run`);
}
