/** A relay for a program: options that are checked, faults as text or as an object, counts as plain objects. */
import { systemClock } from "../base/clock.ts";
import { isJsonObject } from "../base/json.ts";
import { ConfigError, SETTINGS } from "../config.ts";
import { FaultFieldError } from "../faults/check.ts";
import { DIRECTIONS } from "../faults/faults.ts";
import { checkedLinkFaults } from "../faults/link-check.ts";
import { type LinkFaultsByDirection, NO_FAULTS_BY_DIRECTION, type Transport } from "../faults/link-faults.ts";
import { parseLinkFaults, printLinkFaults } from "../faults/link-text.ts";
import { ImpairmentError } from "../faults/pieces.ts";
import { Relay } from "./relay.ts";
import { DEFAULT_RELAY_NAME, RelayError, type RelayRoute } from "./route/route.ts";
import { checkedName, parseListen, parseTransport, parseUpstream } from "./route/text.ts";
import { type DirectionSnapshot, directionSnapshot } from "./snapshot.ts";

/** Faults of a relay: as text (`drop=0.05/0.05,delay=20`), or by direction; a direction that is absent has none. */
export type RelayFaults = string | Partial<LinkFaultsByDirection>;

/** Options of `startRelay`. */
export interface RelayOptions {
  readonly protocol: Transport;
  /** Where to forward: `HOST:PORT`, or a port of 127.0.0.1. */
  readonly to: string | number;
  /** Where to listen: a port of 127.0.0.1, or `ADDRESS:PORT`; by default a free port. */
  readonly listen?: string | number;
  readonly faults?: RelayFaults;
  /** The same seed, name and packets have the same fates; 1 by default. */
  readonly seed?: number;
  /** Selects the random streams, so that two relays with one seed differ; `relay` by default. */
  readonly name?: string;
}

/** An open flow (UDP) or connection (TCP) of a relay. */
export interface RelayFlow {
  /** The client. */
  readonly address: string;
  readonly port: number;
  readonly ageSeconds: number;
  /** Octets received from the client and from the upstream. */
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** Datagrams lost in each direction; on TCP how often octets were. */
  readonly dropsUp: number;
  readonly dropsDown: number;
}

/** A relay that is open. Disposing of it closes the port and every connection. */
export interface RunningRelay {
  readonly host: string;
  readonly port: number;
  /** The faults as text. */
  readonly faults: string;
  /** The counts at this moment: `up` from clients to the upstream, `down` back. */
  readonly counts: { readonly up: DirectionSnapshot; readonly down: DirectionSnapshot };
  /** Open flows or connections. */
  flows(): readonly RelayFlow[];
  /** Sets the faults of what comes from now on. Throws ConfigError if they are not valid. */
  setFaults(faults: RelayFaults): void;
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The options by name; `RelayOptions` has no other. */
const OPTIONS: Readonly<Record<keyof RelayOptions, true>> = {
  protocol: true,
  to: true,
  listen: true,
  faults: true,
  seed: true,
  name: true,
};

/** The value of an option; an error of its text has the option's name in front. Throws ConfigError. */
function read<Value>(option: string, parse: () => Value): Value {
  try {
    return parse();
  } catch (error) {
    if (error instanceof RelayError || error instanceof ImpairmentError)
      throw new ConfigError(`${option} ${error.message}`);
    throw error;
  }
}

function routeOf({ protocol, to, listen = 0, name = DEFAULT_RELAY_NAME }: RelayOptions): RelayRoute {
  return {
    name: read("name", () => checkedName(`${name}`)),
    protocol: read("protocol", () => parseTransport(`${protocol}`)),
    listen: read("listen", () => parseListen(`${listen}`)),
    upstream: read("to", () => parseUpstream(typeof to === "number" ? `127.0.0.1:${to}` : `${to}`)),
  };
}

/** The faults in the one form. Throws ConfigError. */
function faultsOf(protocol: Transport, faults: RelayFaults): LinkFaultsByDirection {
  if (typeof faults === "string")
    return read(`faults ${JSON.stringify(faults)}:`, () => parseLinkFaults(protocol, faults));
  if (!isJsonObject(faults)) throw new ConfigError("faults: not allowed; allowed: a text, or { up, down }");
  for (const [name, value] of Object.entries(faults)) {
    if (!DIRECTIONS.some((direction) => direction === name))
      throw new ConfigError(`faults.${name}: no such direction; allowed: ${DIRECTIONS.join(", ")}`);
    if (!isJsonObject(value)) throw new ConfigError(`faults.${name}: not allowed; allowed: an object of faults`);
  }
  try {
    return checkedLinkFaults(protocol, { ...NO_FAULTS_BY_DIRECTION, ...faults }, "faults.");
  } catch (error) {
    if (!(error instanceof FaultFieldError)) throw error;
    const path = error.field.startsWith("faults.") ? error.field : `faults.${error.field}`;
    const named = error.problem.replace(error.field, path);
    throw new ConfigError(`${named.startsWith(path) ? named : `${path}: ${named}`}; allowed: ${error.allowed}`);
  }
}

function seedOf({ seed = 1 }: RelayOptions): number {
  if (SETTINGS.seed.parse(`${seed}`) === seed) return seed;
  throw new ConfigError(`seed ${Bun.inspect(seed)}: not allowed; allowed: ${SETTINGS.seed.allowed}`);
}

/** Fails for an option that there is not, and without one that is required. Throws ConfigError. */
function assertKnown(options: RelayOptions): void {
  const missing = (["protocol", "to"] as const).find((name) => options[name] === undefined);
  if (missing !== undefined)
    throw new ConfigError(`${missing}: missing; allowed: ${missing === "to" ? "HOST:PORT or a port" : "tcp or udp"}`);
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(OPTIONS, name));
  if (unknown === undefined) return;
  throw new ConfigError(`${unknown}: no such option; allowed: ${Object.keys(OPTIONS).join(", ")}`);
}

/**
 * Starts a relay between a client and a service of a test. Rejects with ConfigError for an option that is not valid, and with
 * RelayError if the port is not available or the upstream is the relay itself; nothing is left open then.
 */
export async function startRelay(options: RelayOptions): Promise<RunningRelay> {
  assertKnown(options);
  const route = routeOf(options);
  const faults = options.faults === undefined ? NO_FAULTS_BY_DIRECTION : faultsOf(route.protocol, options.faults);
  const clock = systemClock();
  const relay = await Relay.open(route, { clock, seed: seedOf(options) });
  relay.setFaults(faults);
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= relay[Symbol.asyncDispose]();
    return closing;
  };
  return {
    host: route.listen.host,
    port: relay.port,
    get faults() {
      return printLinkFaults(route.protocol, relay.faults);
    },
    get counts() {
      return { up: directionSnapshot(relay.counts.up), down: directionSnapshot(relay.counts.down) };
    },
    flows() {
      const now = clock.now();
      return relay.flows().map(({ address, port, openedAt, up, down }) => ({
        address,
        port,
        ageSeconds: (now - openedAt) / 1000,
        bytesUp: up.bytes,
        bytesDown: down.bytes,
        dropsUp: up.drops,
        dropsDown: down.drops,
      }));
    },
    setFaults: (next) => relay.setFaults(faultsOf(route.protocol, next)),
    stop: close,
    [Symbol.asyncDispose]: close,
  };
}
