/** The JSON form of a path's faults: a schema and an example for each transport, built from the kinds that it accepts. */
import { type TSchema, t } from "elysia";
import { isJsonObject } from "../base/json.ts";
import { DIRECTIONS } from "../faults/faults.ts";
import {
  LINK_KINDS,
  LINK_RANGES,
  type LinkFaults,
  type LinkFaultsByDirection,
  type LinkKind,
  TRANSPORTS,
  type Transport,
} from "../faults/link-faults.ts";
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

const ShareAfter = t.Object({ probability: Probability, afterMs: t.Optional(Milliseconds) }, closed);
const SliceBytes = integerIn(LINK_RANGES.sliceBytes);
const QueueBytes = integerIn(LINK_RANGES.queueBytes);

/** The schema of each kind's value in one direction; the shapes are those of `LinkFaults`. */
const KIND_SCHEMAS = {
  drop: Probability,
  burst: Gilbert,
  delay: DelayForms,
  correlation: t.Number(LINK_RANGES.correlation),
  order: t.Literal("keep"),
  duplicate: Probability,
  reorder: Probability,
  corrupt: Probability,
  rate: t.Number(LINK_RANGES.rate),
  queue: t.Union([t.Object({ bytes: QueueBytes }, closed), t.Object({ ms: Milliseconds }, closed)]),
  stall: ShareAfter,
  reset: ShareAfter,
  limit: integerIn(LINK_RANGES.limit),
  slice: t.Object(
    {
      bytes: SliceBytes,
      variation: integerIn({ minimum: 0, maximum: LINK_RANGES.sliceBytes.maximum - 1 }),
      gapMs: Milliseconds,
    },
    closed,
  ),
  slowClose: Milliseconds,
} satisfies Readonly<Record<LinkKind, TSchema>>;

const SHARE_NUMBER: NumberForm = { schema: Probability, expand: (probability) => ({ probability }) };

/** Kinds whose value can also be a number, as in the text form. */
const NUMBERS = {
  delay: DELAY_NUMBER,
  queue: { schema: QueueBytes, expand: (bytes) => ({ bytes }) },
  stall: SHARE_NUMBER,
  reset: SHARE_NUMBER,
  slice: { schema: SliceBytes, expand: (bytes) => ({ bytes, variation: 0, gapMs: 0 }) },
} satisfies Partial<Readonly<Record<LinkKind, NumberForm>>>;

/** A body of the faults of both directions whose numbers are replaced by the values that they stand for. */
export function expandLinkNumbers(body: unknown): unknown {
  if (!isJsonObject(body)) return body;
  const isDirection = (name: string) => DIRECTIONS.some((direction) => direction === name);
  const entries = Object.entries(body);
  return Object.fromEntries(entries.map(([name, value]) => [name, isDirection(name) ? expand(value, NUMBERS) : value]));
}

/** An example of each kind's value. */
const KIND_EXAMPLES: Required<LinkFaults> = {
  drop: 0.05,
  burst: { goodToBad: 0.01, badToGood: 0.25 },
  delay: { kind: "normal", meanMs: 20, stddevMs: 5 },
  correlation: 0.5,
  order: "keep",
  duplicate: 0.01,
  reorder: 0.01,
  corrupt: 0.01,
  rate: 10_000_000,
  queue: { bytes: 64_000 },
  stall: { probability: 0.05, afterMs: 2000 },
  reset: { probability: 0.01, afterMs: 500 },
  limit: 1_000_000,
  slice: { bytes: 100, variation: 20, gapMs: 1 },
  slowClose: 500,
};

/** A record with `make(kind)` under each kind that `transport` accepts. */
function byKind<Value>(transport: Transport, make: (kind: LinkKind) => Value): Record<string, Value> {
  return Object.fromEntries(LINK_KINDS[transport].map((kind) => [kind, make(kind)]));
}

function byTransport<Value>(make: (transport: Transport) => Value): Readonly<Record<Transport, Value>> {
  // Has one entry for each transport, as the type requires.
  return Object.fromEntries(TRANSPORTS.map((transport) => [transport, make(transport)])) as Record<Transport, Value>;
}

/** The faults of one direction: every kind that the transport accepts, each optional. */
function directionSchema(transport: Transport, schemaOf: (kind: LinkKind) => TSchema): TSchema {
  return t.Object(
    byKind(transport, (kind) => t.Optional(schemaOf(kind))),
    closed,
  );
}

function bothDirections(direction: TSchema): TSchema {
  return t.Object({ up: t.Optional(direction), down: t.Optional(direction) }, closed);
}

/** The schema of each transport's faults. A direction that is absent has none. */
export const LINK_SCHEMAS = byTransport((transport) =>
  // The kinds come from a list, so TypeBox cannot infer the type; keys and shapes are those of LinkFaults.
  t.Unsafe<Partial<LinkFaultsByDirection>>(bothDirections(directionSchema(transport, (kind) => KIND_SCHEMAS[kind]))),
);

/** The same in a request, as the API description has it: numbers are allowed in them. */
export const LINK_BODIES = byTransport((transport) =>
  bothDirections(directionSchema(transport, (kind) => withNumber(kind, KIND_SCHEMAS[kind], NUMBERS))),
);

/** Faults of every kind that a transport accepts, on the way up. */
export const LINK_EXAMPLES: Readonly<Record<Transport, LinkFaultsByDirection>> = byTransport((transport) => ({
  up: byKind(transport, (kind) => KIND_EXAMPLES[kind]),
  down: {},
}));
