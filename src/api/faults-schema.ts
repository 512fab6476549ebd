/** The JSON form of faults: a schema and an example for each protocol, built from the kinds that it accepts. */
import { type TSchema, t } from "elysia";
import { isJsonObject } from "../base/json.ts";
import { byProtocol, type Protocol } from "../base/protocol.ts";
import { type Faults, KINDS_OF, type Kind, RANGES } from "../faults/faults.ts";
import {
  closed,
  DELAY_NUMBER,
  DelayForms,
  expand,
  Gilbert,
  Milliseconds,
  type NumberForm,
  Probability,
  withNumber,
} from "./fault-values.ts";
import { integerIn } from "./json-body.ts";

const ByDirection = t.Object({ up: Probability, down: Probability }, closed);

/** A value of the downstream direction, or one for one direction or both. */
const downOrBoth = (forms: readonly TSchema[]) => {
  const part = forms.length === 1 && forms[0] ? forms[0] : t.Union([...forms]);
  const directions = t.Object({ up: t.Optional(part), down: t.Optional(part) }, { ...closed, minProperties: 1 });
  return t.Union([...forms, directions]);
};

/** The schema of each kind's value; the shapes are those of `Faults`. */
const KIND_SCHEMAS = {
  drop: ByDirection,
  close: ByDirection,
  stall: ByDirection,
  burst: t.Object({ up: t.Optional(Gilbert), down: t.Optional(Gilbert) }, closed),
  delay: downOrBoth(DelayForms.anyOf),
  duplicate: downOrBoth([Probability]),
  reorder: downOrBoth([Probability]),
  corrupt: downOrBoth([Probability]),
  reset: Probability,
  status: t.Object({ code: integerIn(RANGES.status), probability: Probability }, closed),
} satisfies Readonly<Record<Kind, unknown>>;

/** A probability alone is that of the upstream direction. */
const UPSTREAM = { schema: Probability, expand: (up: number): unknown => ({ up, down: 0 }) };

/** Kinds whose value can also be a number, as in the text form: its schema, and the value that it stands for. */
const NUMBERS = {
  drop: UPSTREAM,
  close: UPSTREAM,
  stall: UPSTREAM,
  delay: DELAY_NUMBER,
} as const satisfies Partial<Readonly<Record<Kind, NumberForm>>>;

/** A body of faults whose numbers are replaced by the values that they stand for; any other body as it is. */
export function expandNumbers(body: unknown): unknown {
  const expanded = expand(body, NUMBERS);
  if (!isJsonObject(expanded) || !Object.hasOwn(expanded, "delay")) return expanded;
  const delay: unknown = Reflect.get(expanded, "delay");
  return { ...expanded, delay: expand(delay, { up: DELAY_NUMBER, down: DELAY_NUMBER }) };
}

/** The delay in a request, as the API description has it. */
const DELAY_BODY = downOrBoth([Milliseconds, ...DelayForms.anyOf]);

/** An example of each kind's value. */
const KIND_EXAMPLES: Required<Faults> = {
  drop: { up: 0.1, down: 0.1 },
  close: { up: 0.05, down: 0.05 },
  stall: { up: 0.05, down: 0.05 },
  burst: { up: { goodToBad: 0.01, badToGood: 0.25 } },
  delay: { kind: "normal", meanMs: 20, stddevMs: 5 },
  duplicate: 0.01,
  reorder: { up: 0.01, down: 0.01 },
  corrupt: 0.01,
  reset: 0.01,
  status: { code: 500, probability: 0.05 },
};

/** A record with `make(kind)` under each kind that `protocol` accepts. */
function byKind<Value>(protocol: Protocol, make: (kind: Kind) => Value): Record<string, Value> {
  return Object.fromEntries(KINDS_OF[protocol].map((kind) => [kind, make(kind)]));
}

/** The schema of each protocol's faults: every kind that it accepts, each optional. */
export const FAULT_SCHEMAS = byProtocol((protocol) =>
  // The kinds come from a list, so TypeBox cannot infer the type; keys and shapes are those of Faults.
  t.Unsafe<Faults>(
    t.Object(
      byKind(protocol, (kind) => t.Optional(KIND_SCHEMAS[kind])),
      closed,
    ),
  ),
);

/** Faults of every kind that a protocol accepts. */
export const FAULT_EXAMPLES: Readonly<Record<Protocol, Faults>> = byProtocol((protocol) =>
  byKind(protocol, (kind) => KIND_EXAMPLES[kind]),
);

/** The schema of each protocol's faults in a request, as the API description has it: numbers are allowed in them. */
export const FAULT_BODIES = byProtocol((protocol) =>
  t.Object(
    byKind(protocol, (kind) =>
      t.Optional(kind === "delay" ? DELAY_BODY : withNumber(kind, KIND_SCHEMAS[kind], NUMBERS)),
    ),
    closed,
  ),
);
