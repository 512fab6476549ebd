/** What a load run from the page may be asked to be, and what is refused. */
import { type Static, t } from "elysia";
import type { AllowedHost } from "../base/address.ts";
import { PROTOCOLS } from "../base/protocol.ts";
import type { Limits } from "../config.ts";
import { UsageError } from "../load/plan/errors.ts";
import { type LoadOptions, planRun } from "../load/plan/options.ts";
import { chooseTarget, type LabAddress, TargetNotAllowedError } from "../runs/choose-target.ts";
import { BusyError, type Runner } from "../runs/runner.ts";
import type { RunStore } from "../runs/store.ts";

/** What these routes stand on. */
export interface RunParts {
  readonly runner: Runner;
  readonly store: RunStore;
  readonly own: () => LabAddress;
  readonly targets: readonly AllowedHost[];
  readonly limits: Pick<Limits, "runRate" | "runSeconds">;
}

const MOST_CONNECTIONS = 256;
const LARGEST_PACKET = 16_384;
const LONGEST_TIMEOUT = 30;
/** How long an answer is waited for unless told, s. */
export const DEFAULT_TIMEOUT = 2;
const LONGEST_WARMUP = 10;

/** The body of a request for a run, within the operator's caps. */
export function requestSchema({ runRate, runSeconds }: RunParts["limits"]) {
  return t.Object(
    {
      protocol: t.Union([...PROTOCOLS, "all" as const].map((name) => t.Literal(name))),
      target: t.Optional(t.String({ maxLength: 300 })),
      rate: t.Number({ minimum: 0.1, maximum: runRate }),
      seconds: t.Number({ minimum: 0.1, maximum: runSeconds }),
      connections: t.Optional(t.Integer({ minimum: 1, maximum: MOST_CONNECTIONS })),
      size: t.Optional(t.Integer({ minimum: 1, maximum: LARGEST_PACKET })),
      timeout: t.Optional(t.Number({ minimum: 0.01, maximum: LONGEST_TIMEOUT })),
      arrival: t.Optional(t.Union([t.Literal("constant"), t.Literal("poisson")])),
      warmup: t.Optional(t.Number({ minimum: 0, maximum: LONGEST_WARMUP })),
      seed: t.Optional(t.Integer({ minimum: 0, maximum: 2 ** 32 - 1 })),
    },
    { additionalProperties: false },
  );
}

/** What a run is asked to be. */
export type RunRequest = Static<ReturnType<typeof requestSchema>>;

/** The runs that a request asks for; throws UsageError and TargetNotAllowedError. */
export function plan(request: RunRequest, { own, targets }: RunParts): LoadOptions[] {
  const { protocol: wanted, target = "", seconds, ...rest } = request;
  const protocols = PROTOCOLS.filter((protocol) => wanted === "all" || wanted === protocol);
  return protocols.map((protocol) => {
    const options = { ...rest, protocol, duration: seconds, ...chooseTarget(protocol, target.trim(), own(), targets) };
    planRun(options); // what makes no sense is told before anything starts
    return options;
  });
}

/** What a new run may be, for the page's form. */
export function capsOf({ runRate, runSeconds }: RunParts["limits"]) {
  return { rate: runRate, seconds: runSeconds, connections: MOST_CONNECTIONS, size: LARGEST_PACKET };
}

/** The statuses of what a run can be refused for; undefined for any other error. */
export function refusalStatus(error: unknown): number | undefined {
  if (error instanceof TargetNotAllowedError) return 403;
  if (error instanceof BusyError) return 409;
  return error instanceof UsageError ? 400 : undefined;
}
