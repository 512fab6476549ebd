/** A toxic: what it does to a stream, how requests describe it, and the faults of a path that it stands for. */
import type { Direction } from "../faults/faults.ts";
import type { LinkFaults, Slice } from "../faults/link-faults.ts";
import { type Fields, fieldsOf, float32, integer, object, text } from "./body.ts";
import { invalidStream, invalidType } from "./errors.ts";

/** The types with their attributes, in the order of responses, and the names that Go's errors have for them. */
const TYPES = {
  latency: { attributes: ["latency", "jitter"], struct: "LatencyToxic", number: "int64" },
  bandwidth: { attributes: ["rate"], struct: "BandwidthToxic", number: "int64" },
  slow_close: { attributes: ["delay"], struct: "SlowCloseToxic", number: "int64" },
  timeout: { attributes: ["timeout"], struct: "TimeoutToxic", number: "int64" },
  reset_peer: { attributes: ["timeout"], struct: "ResetToxic", number: "int64" },
  slicer: { attributes: ["average_size", "size_variation", "delay"], struct: "SlicerToxic", number: "int" },
  limit_data: { attributes: ["bytes"], struct: "LimitDataToxic", number: "int64" },
  noop: { attributes: [], struct: "NoopToxic", number: "int64" },
} as const satisfies Readonly<Record<string, { attributes: readonly string[]; struct: string; number: string }>>;

/** A type of toxics. */
export type ToxicType = keyof typeof TYPES;
/** A stream as requests name it. */
export type Stream = "upstream" | "downstream";

/** A toxic; a change makes another one. */
export interface Toxic {
  readonly attributes: Readonly<Record<string, number>>;
  readonly name: string;
  readonly type: ToxicType;
  /** As given, in any case. */
  readonly stream: string;
  /** Share of the connections on which it acts. */
  readonly toxicity: number;
}

function isToxicType(type: string): type is ToxicType {
  return Object.hasOwn(TYPES, type);
}

function attributesOf(type: ToxicType, given: Fields | undefined, before: Toxic["attributes"]): Toxic["attributes"] {
  const { attributes, struct, number } = TYPES[type];
  return Object.fromEntries(
    attributes.map((name) => {
      const own = given && integer(given, name, `${struct}.attributes`, number);
      return [name, own ?? before[name] ?? 0];
    }),
  );
}

/** A new toxic from the body of a request. Throws ToxiproxyError. */
export function newToxic(body: unknown): Toxic {
  const fields = fieldsOf(body, "toxics.ToxicWrapper");
  const owner = "ToxicWrapper";
  const given = object(fields, "attributes", owner, "toxics.NoopToxic");
  const name = text(fields, "name", owner) ?? "";
  const type = text(fields, "type", owner) ?? "";
  const stream = text(fields, "stream", owner) ?? "downstream";
  const toxicity = float32(fields, "toxicity", owner) ?? 1;
  if (!/^(up|down)stream$/i.test(stream)) throw invalidStream();
  if (!isToxicType(type)) throw invalidType();
  return { attributes: attributesOf(type, given, {}), name: name || `${type}_${stream}`, type, stream, toxicity };
}

/** The toxic with the attributes and the toxicity of a request; what is absent there stays. Throws ToxiproxyError. */
export function changedToxic(before: Toxic, body: unknown): Toxic {
  const fields = fieldsOf(body, "toxiproxy.attrs");
  const given = object(fields, "attributes", "", `toxics.${TYPES[before.type].struct}`);
  const attributes = attributesOf(before.type, given, before.attributes);
  return { ...before, attributes, toxicity: float32(fields, "toxicity", "") ?? before.toxicity };
}

/** The direction of a relay in which a toxic acts. */
export function directionOf({ stream }: Toxic): Direction {
  return stream.toLowerCase() === "upstream" ? "up" : "down";
}

/** Longest time of a timer, ms: 24.8 days. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** An attribute; negative numbers count as 0, as they do there. */
export function attribute({ attributes }: Toxic, name: string): number {
  return Math.max(0, attributes[name] ?? 0);
}

/**
 * The faults of several toxics in one direction: delays add up, the lowest rate and the smallest segments hold. The types
 * `timeout`, `reset_peer` and `limit_data` are gates (`gates.ts`) and not in these.
 */
export function faultsOf(toxics: readonly Toxic[]): LinkFaults {
  const of = (type: ToxicType) => toxics.filter((toxic) => toxic.type === type);
  const sum = (type: ToxicType, name: string) => of(type).reduce((sum, toxic) => sum + attribute(toxic, name), 0);
  const [latency, jitter, slowClose] = [
    sum("latency", "latency"),
    sum("latency", "jitter"),
    sum("slow_close", "delay"),
  ];
  const rates = of("bandwidth").map((toxic) => attribute(toxic, "rate"));
  const rate = Math.min(...rates);
  const slice = sliceOf(of("slicer"));
  return {
    ...(jitter > 0
      ? { delay: { kind: "uniform", minMs: latency - jitter, maxMs: latency + jitter } }
      : latency > 0 && { delay: { kind: "fixed", ms: latency } }),
    ...(rates.length > 0 && (rate === 0 ? { stall: { probability: 1 } } : { rate: rate * BITS_PER_KILOBYTE })),
    ...(slice && { slice }),
    ...(slowClose > 0 && { slowClose: Math.min(slowClose, MAX_TIMER_MS) }),
  };
}

/** A kilobyte is 1000 octets there. */
const BITS_PER_KILOBYTE = 8000;

function sliceOf(slicers: readonly Toxic[]): Slice | undefined {
  const [smallest] = slicers.toSorted((a, b) => attribute(a, "average_size") - attribute(b, "average_size"));
  if (!smallest) return undefined;
  const bytes = Math.max(1, attribute(smallest, "average_size"));
  const gap = slicers.reduce((sum, toxic) => sum + attribute(toxic, "delay"), 0);
  const gapMs = Math.min(gap / 1000, MAX_TIMER_MS);
  return { bytes, variation: Math.min(bytes - 1, attribute(smallest, "size_variation")), gapMs };
}
