/** A relay of a lab: the response of `GET /relays/{name}`. */
import { isJsonObject } from "../../../base/json.ts";
import { TRANSPORTS, type Transport } from "../../../faults/link-faults.ts";
import { RELAY_AMOUNTS } from "../../../metrics/relay-counters.ts";
import type { AddedDelays, RelayReading, WayReading } from "./reading.ts";

/** A relay of a lab at one time. */
export interface LabRelayState {
  readonly name: string;
  readonly protocol: Transport;
  /** Where it listens, `ADDRESS:PORT`. */
  readonly listen: string;
  /** What is behind it, `HOST:PORT`; empty for clients that may not know it. */
  readonly upstream: string;
  readonly reading: RelayReading;
}

function isAmount(value: unknown): value is number {
  return Number.isFinite(value) && Number(value) >= 0;
}

/** Counts by name; undefined for anything else. */
function countsOf(value: unknown): Readonly<Record<string, number>> | undefined {
  if (!isJsonObject(value) || !Object.values(value).every(isAmount)) return undefined;
  return value as Readonly<Record<string, number>>; // every value is a number
}

function addedOf(value: unknown): AddedDelays | undefined {
  if (!isJsonObject(value) || !isAmount(value.sum) || !isAmount(value.count)) return undefined;
  const { sum, count, bounds, counts } = value;
  const hasBuckets = [bounds, counts].every((list) => Array.isArray(list) && list.every(isAmount));
  // Arrays of numbers, as checked.
  return { sum, count, ...(hasBuckets && { bounds: bounds as number[], counts: counts as number[] }) };
}

function wayOf(value: unknown): WayReading | undefined {
  if (!isJsonObject(value)) return undefined;
  const [totals, drops, dropBytes] = [countsOf(value.totals), countsOf(value.drops), countsOf(value.dropBytes ?? {})];
  const effects = countsOf(value.effects ?? {});
  const added = addedOf(value.added);
  if (!totals || !RELAY_AMOUNTS.every((name) => name in totals) || !drops || !dropBytes || !effects || !added)
    return undefined;
  return { totals: totals as WayReading["totals"], drops, dropBytes, effects, added }; // has every amount
}

/** Parses a relay of a lab; undefined for anything else. */
export function parseLabRelay(body: unknown): LabRelayState | undefined {
  if (!isJsonObject(body)) return undefined;
  const { name, listen, upstream = "", faults, instance } = body;
  const upstreamErrors = countsOf(body.upstreamErrors ?? {});
  const protocol = TRANSPORTS.find((transport) => transport === body.protocol);
  const [up, down] = [wayOf(body.up), wayOf(body.down)];
  if (typeof name !== "string" || typeof listen !== "string" || typeof upstream !== "string") return undefined;
  if (!protocol || !up || !down || !upstreamErrors || !isJsonObject(faults)) return undefined;
  const { text, changes } = faults;
  if (typeof text !== "string" || !isAmount(changes)) return undefined;
  return {
    name,
    protocol,
    listen,
    upstream,
    reading: {
      ...{ up, down, faults: text, faultChanges: changes, upstreamErrors },
      ...(typeof instance === "string" && { instance }),
    },
  };
}

/** Parses the response of `GET /relays`; undefined for anything else. */
export function parseLabRelays(body: unknown): readonly LabRelayState[] | undefined {
  const relays: unknown = isJsonObject(body) ? body.relays : undefined;
  if (!Array.isArray(relays)) return undefined;
  return relays.map(parseLabRelay).filter((relay) => relay !== undefined);
}
