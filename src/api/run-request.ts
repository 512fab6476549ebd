/** The request for a load run from the page: its schema, its limits, and the runs that it starts. */
import { type Static, t } from "elysia";
import type { AllowedHost } from "../base/address.ts";
import { CLASSICS, PROTOCOLS, type Protocol, REGISTRY } from "../base/protocol.ts";
import { notServed } from "../faults/text.ts";
import { UsageError } from "../load/plan/errors.ts";
import type { LoadOptions } from "../load/plan/options.ts";
import { DEFAULT_TIMEOUT, planRun } from "../load/plan/run-plan.ts";
import { chooseTarget, type LabAddress, TargetNotAllowedError } from "../runs/choose-target.ts";
import { BusyError, SpawnError } from "../runs/runner.ts";
import type { RunCaps } from "../runs/shapes.ts";
import { STAMP_LENGTH } from "../stamp/packet.ts";
import { integerIn } from "./json-body.ts";
import type { ApiParts } from "./parts.ts";

const MAX_CONNECTIONS = 256;
/** Octets. */
const MAX_SIZE = 16_384;
const MAX_TIMEOUT_SECONDS = 30;
/** The default waiting time of the longest timeout. */
const MAX_WAIT_SECONDS = 2 * MAX_TIMEOUT_SECONDS;
const MAX_WARMUP_SECONDS = 10;

/** The rules that a schema cannot state. */
const SIZE = `Octets; on protocols of STAMP packets, and for all protocols, at least ${STAMP_LENGTH}`;
const WAIT = `Seconds, at least timeout, whose default is ${DEFAULT_TIMEOUT}`;

const PROTOCOL = `One protocol, several in a list, "all" for ${CLASSICS.join(", ")}, or "everything" that the lab serves`;

/** The schema of the protocols of a run. */
function protocolSchema() {
  const one = t.Union(PROTOCOLS.map((name) => t.Literal(name)));
  const named = t.Union([...PROTOCOLS, "all" as const, "everything" as const].map((name) => t.Literal(name)));
  return t.Union([named, t.Array(one, { minItems: 1 })], { description: PROTOCOL });
}

/** The schema of the request's body, with the operator's limits on rate and duration. */
export function requestSchema({ runRate, runSeconds }: ApiParts["limits"]) {
  return t.Object(
    {
      protocol: protocolSchema(),
      target: t.Optional(t.String({ maxLength: 300, description: "This lab if it is absent or empty" })),
      rate: t.Number({ minimum: 0.1, maximum: runRate }),
      seconds: t.Number({ minimum: 0.1, maximum: runSeconds }),
      connections: t.Optional(integerIn({ minimum: 1, maximum: MAX_CONNECTIONS })),
      size: t.Optional(integerIn({ minimum: 1, maximum: MAX_SIZE }, SIZE)),
      timeout: t.Optional(t.Number({ minimum: 0.01, maximum: MAX_TIMEOUT_SECONDS })),
      wait: t.Optional(t.Number({ minimum: 0.01, maximum: MAX_WAIT_SECONDS, description: WAIT })),
      arrival: t.Optional(t.Union([t.Literal("constant"), t.Literal("poisson")])),
      warmup: t.Optional(t.Number({ minimum: 0, maximum: MAX_WARMUP_SECONDS })),
      seed: t.Optional(integerIn({ minimum: 0, maximum: 2 ** 32 - 1 })),
    },
    { additionalProperties: false },
  );
}

/** The schema by which a body is read. It leaves the range of the size, which depends on the protocol, to `planRuns`. */
export function readerSchema(limits: ApiParts["limits"]) {
  const { properties } = requestSchema(limits);
  return t.Object({ ...properties, size: t.Optional(t.Number({ multipleOf: 1 })) }, { additionalProperties: false });
}

/** A valid body. */
export type RunRequest = Static<ReturnType<typeof requestSchema>>;

/** The protocols that a request names, each once, in the order of the registry. */
function protocolsOf(requested: RunRequest["protocol"], served: readonly Protocol[]): readonly Protocol[] {
  if (requested === "all") return CLASSICS;
  if (requested === "everything") return served;
  const names: readonly Protocol[] = typeof requested === "string" ? [requested] : requested;
  return PROTOCOLS.filter((protocol) => names.includes(protocol));
}

/** A lab that can be a target: its address, and the protocols that it serves. */
export interface ServingLab extends LabAddress {
  readonly served: readonly Protocol[];
}

/** The options of each run that a request starts, one per protocol. Throws UsageError and TargetNotAllowedError. */
export function planRuns(request: RunRequest, lab: ServingLab, allowed: readonly AllowedHost[]): LoadOptions[] {
  const { protocol: requested, target = "", seconds, ...rest } = request;
  const protocols = protocolsOf(requested, lab.served);
  if (target.trim() === "") checkServed(protocols, lab.served);
  if (rest.size !== undefined) checkSize(rest.size, protocols);
  return protocols.map((protocol) => {
    const options = { ...rest, protocol, duration: seconds, ...chooseTarget(protocol, target.trim(), lab, allowed) };
    planRun(options); // throws for options that contradict each other, before a process is started
    return options;
  });
}

/** A field whose value is not allowed, by a rule that the schema does not have. */
export class FieldError extends UsageError {
  constructor(
    readonly field: string,
    readonly allowed: string,
    problem = "not allowed",
  ) {
    super(`${field}: ${problem}; allowed: ${allowed}`);
  }
}

/** Throws a FieldError if this lab is the target of a protocol that it does not serve. */
function checkServed(protocols: readonly Protocol[], served: readonly Protocol[]): void {
  const other = protocols.find((protocol) => !served.includes(protocol));
  if (other !== undefined) throw new FieldError("protocol", served.join(", "), notServed(other));
}

/** Throws a FieldError with the one range in which the size of a packet is valid for all `protocols`. */
function checkSize(size: number, protocols: readonly Protocol[]): void {
  const least = protocols.some((protocol) => REGISTRY[protocol].stamp) ? STAMP_LENGTH : 1;
  if (size >= least && size <= MAX_SIZE) return;
  throw new FieldError("size", `an integer from ${least} to ${MAX_SIZE}`);
}

/** The limits of a new run, for the page's form. */
export function capsOf({ runRate, runSeconds }: ApiParts["limits"]): RunCaps {
  return { rate: runRate, seconds: runSeconds, connections: MAX_CONNECTIONS, size: MAX_SIZE };
}

/** The HTTP status for an error of starting a run; undefined if the error is not the client's. */
export function refusalStatus(error: unknown): number | undefined {
  if (error instanceof TargetNotAllowedError) return 403;
  if (error instanceof BusyError) return 409;
  if (error instanceof SpawnError) return 503;
  return error instanceof UsageError ? 400 : undefined;
}
