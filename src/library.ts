/** The functions of the library. Their errors name options, where those of the commands name flags and variables. */
import { type Config, ConfigError, SECRET_SETTINGS, SETTINGS } from "./config.ts";
import { type Lab, type LabOptions, startLab as startAnyLab } from "./lab.ts";
import type { IntervalSnapshot } from "./load/measure/snapshot.ts";
import { namingOptions, UsageError } from "./load/plan/errors.ts";
import type { LoadOptions } from "./load/plan/options.ts";
import type { RunReport } from "./load/report/report.ts";
import { runLoad as run } from "./load/run.ts";
import { openOwnRelay } from "./relay/own-relay.ts";
import { relayFaults } from "./relay/route/faults.ts";
import { RelayError } from "./relay/route/route.ts";
import { distinct, parseRoute, printRoute } from "./relay/route/text.ts";

/** A run under way. Its iterator yields a snapshot for each interval. */
export interface LoadRun extends AsyncIterable<IntervalSnapshot> {
  /** The report, when the run has ended. It does not reject for network errors: the report contains them. */
  readonly report: Promise<RunReport>;
  /** Stops sending now; the report covers the packets sent so far. */
  stop(): void;
}

/** Starts a load run. Throws a UsageError, which names the option, for options that are not valid. */
export function runLoad(options: LoadOptions): LoadRun {
  try {
    return run(options, undefined, undefined, openOwnRelay);
  } catch (error) {
    throw error instanceof UsageError ? new UsageError(namingOptions(error.message)) : error;
  }
}

/** Options that are checked elsewhere, or that have no text form. */
const UNCHECKED: ReadonlySet<keyof Config> = new Set(["impair", "targets", "relays", "relayImpair"]);

/**
 * Starts a lab. A port of 0 selects a free one, which `ports` returns. Several labs can run in one process. Rejects with
 * ConfigError or ImpairmentError for an option that is not valid, and with ListenError if a port is not available; nothing
 * is left open then.
 */
export async function startLab(options: LabOptions = {}): Promise<Lab> {
  const keys = Object.keys(SETTINGS) as (keyof Config)[]; // SETTINGS has the keys of Config
  for (const key of keys) if (!UNCHECKED.has(key)) assertValid(key, options);
  assertValidRelays(options);
  return startAnyLab(options);
}

function assertValid(key: keyof Config, options: LabOptions): void {
  const { allowed, parse } = SETTINGS[key];
  const value = options[key];
  if (value === undefined || parse(`${value}`) === value) return;
  const shown = SECRET_SETTINGS.has(key) ? "(not shown)" : Bun.inspect(value);
  throw new ConfigError(`${key} ${shown}: not allowed; allowed: ${allowed}`);
}

function assertValidRelays({ relays = [], relayImpair = {} }: LabOptions): void {
  try {
    for (const route of relays) parseRoute(printRoute(route)); // checks what a program can write otherwise
    relayFaults(distinct(relays), relayImpair);
  } catch (error) {
    throw error instanceof RelayError ? new ConfigError(`relays: ${error.message}`) : error;
  }
}
