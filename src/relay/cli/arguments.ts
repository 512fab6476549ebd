/** Parses the command line of the relay command. */
import { PORT_PROTOCOLS, type Protocol, REGISTRY } from "../../base/protocol.ts";
import type { Variables } from "../../base/variables.ts";
import { SETTINGS } from "../../config.ts";
import type { LinkFaultsByDirection } from "../../faults/link-faults.ts";
import { parseLinkFaults } from "../../faults/link-text.ts";
import { ImpairmentError } from "../../faults/pieces.ts";
import { type FlagTexts, readFlagsOf, textOf } from "../../load/cli/read-flags.ts";
import { UsageError } from "../../load/plan/errors.ts";
import { parseRelayImpairments, relayFaults } from "../route/faults.ts";
import { DEFAULT_RELAY_NAME, RelayError, type RelayRoute } from "../route/route.ts";
import { checkedName, distinct, parseListen, parseRoutes, parseTransport, parseUpstream } from "../route/text.ts";

/** A relay to open. */
export interface PlannedRelay {
  readonly route: RelayRoute;
  /** Its port as errors name it: `UDP`, `api: TCP`. */
  readonly title: string;
  /** The flag that chooses its port. */
  readonly flag: string;
  readonly faults: LinkFaultsByDirection | undefined;
}

/** A parsed command line. */
export type RelayCommand =
  | { readonly kind: "help" }
  | {
      readonly kind: "run";
      readonly relays: readonly PlannedRelay[];
      /** The lab of `--target`. */
      readonly target: string | undefined;
      readonly seed: number;
      /** The file for the counts; `-` for standard output. */
      readonly json: string | undefined;
    };

const text = { type: "string" } as const;
const list = { type: "string", multiple: true } as const;

const PORTS = Object.fromEntries(PORT_PROTOCOLS.map((protocol) => [portFlag(protocol), text])) as Record<
  ReturnType<typeof portFlag>,
  typeof text
>; // has every name
const FLAGS = {
  ...PORTS,
  listen: text,
  to: text,
  impair: text,
  name: text,
  relay: list,
  "relay-impair": list,
  seed: text,
  json: text,
  target: text,
  host: text,
  help: { type: "boolean", short: "h" },
} as const;

type Flags = FlagTexts<keyof typeof FLAGS>;

function portFlag(protocol: Protocol) {
  return `${protocol}-port` as const;
}

/** A relay without its faults. */
type Planned = Omit<PlannedRelay, "faults">;

/** The value of a flag; an error of its text has the flag in front. Throws UsageError. */
function read<Value>(flag: string, value: string, parse: (value: string) => Value): Value {
  try {
    return parse(value);
  } catch (error) {
    if (error instanceof RelayError) throw new UsageError(`--${flag}: ${error.message}`);
    if (error instanceof ImpairmentError) throw new UsageError(`--${flag}=${JSON.stringify(value)}: ${error.message}`);
    throw error;
  }
}

function missing(flag: string, allowed: string): never {
  throw new UsageError(`--${flag}: missing; allowed: ${allowed}`);
}

/** `PROTOCOL:[ADDRESS:]PORT`. Throws RelayError. */
function parseListenFlag(value: string) {
  const [, protocol = value, where = ""] = /^(\w+):(.*)$/s.exec(value) ?? [];
  return { protocol: parseTransport(protocol), listen: parseListen(where) };
}

/** The relay of `--listen`; none without it. */
function ownRelay(flags: Flags): Planned[] {
  const [listen, to, name] = (["listen", "to", "name"] as const).map((flag) => textOf(flags, flag));
  if (listen === undefined) {
    const alone = (["to", "impair", "name"] as const).find((flag) => flags.has(flag));
    if (alone) throw new UsageError(`--${alone}: belongs to --listen, which is missing; allowed: --listen udp:7443`);
    return [];
  }
  const { protocol, listen: where } = read("listen", listen, parseListenFlag);
  if (!to) return missing("to", "HOST:PORT or [IPv6]:PORT");
  const upstream = read("to", to, parseUpstream);
  const route = { name: read("name", name ?? DEFAULT_RELAY_NAME, checkedName), protocol, listen: where, upstream };
  return [{ route, title: protocol.toUpperCase(), flag: "listen" }];
}

function readPort(flags: Flags, flag: keyof typeof PORTS, fallback: number): number {
  const value = textOf(flags, flag);
  if (value === undefined) return fallback;
  if (/^\d{1,5}$/.test(value) && Number(value) < 65_536) return Number(value);
  throw new UsageError(`--${flag}=${value}: not allowed; allowed: a port from 0 to 65535`);
}

/** One relay for each port of the lab of `--target`; none without it. */
function labRelays(flags: Flags, variables: Variables): Planned[] {
  const target = textOf(flags, "target");
  const host = textOf(flags, "host");
  if (target === undefined) {
    const alone = (["host", ...PORT_PROTOCOLS.map(portFlag)] as const).find((flag) => flags.has(flag));
    if (alone !== undefined) throw new UsageError(`--${alone}: belongs to --target, which is missing`);
    return [];
  }
  if (!/^[\w.:%-]+$/.test(target)) return missing("target", "the name or address of a lab");
  return PORT_PROTOCOLS.map((protocol) => {
    const { title, transport, port } = REGISTRY[protocol];
    const flag = portFlag(protocol);
    const own = { host: host ?? (variables.WIRELAB_HOST || "127.0.0.1"), port: readPort(flags, flag, port) };
    return {
      route: { name: protocol, protocol: transport, listen: own, upstream: { host: target, port } },
      title,
      flag,
    };
  });
}

function seedOf(flags: Flags): number {
  const seed = textOf(flags, "seed");
  if (seed === undefined) return 1;
  const { parse, allowed } = SETTINGS.seed;
  const value = parse(seed);
  if (value === undefined) throw new UsageError(`--seed=${JSON.stringify(seed)}: not allowed; allowed: ${allowed}`);
  return value;
}

/** The faults of each relay by its name. */
function faultsOf(flags: Flags, relays: readonly Planned[]): ReadonlyMap<string, LinkFaultsByDirection> {
  const routes = relays.map(({ route }) => route);
  const byName = (flags.get("relay-impair") ?? []).join(";");
  const faults = new Map(read("relay-impair", byName, (value) => relayFaults(routes, parseRelayImpairments(value))));
  const own = relays.find(({ flag }) => flag === "listen")?.route;
  const impair = textOf(flags, "impair");
  if (own === undefined || impair === undefined) return faults;
  if (faults.has(own.name)) throw new UsageError(`--relay-impair: ${own.name} has its faults from --impair`);
  return faults.set(
    own.name,
    read("impair", impair, (value) => parseLinkFaults(own.protocol, value)),
  );
}

/** Parses a command line. Throws UsageError, which is one line for a person. */
export function parseRelayCommand(words: readonly string[], variables: Variables): RelayCommand {
  const flags = readFlagsOf(FLAGS, words);
  if (flags.has("help")) return { kind: "help" };
  const routes = read("relay", (flags.get("relay") ?? []).join(","), parseRoutes);
  const named = routes.map((route) => {
    return { route, title: `${route.name}: ${route.protocol.toUpperCase()}`, flag: "relay" };
  });
  const relays = [...ownRelay(flags), ...named, ...labRelays(flags, variables)];
  if (relays.length === 0)
    throw new UsageError(
      "nothing to forward; allowed: --listen udp:7443 --to HOST:PORT, --relay RELAY, or --target LAB",
    );
  const last = relays.at(-1)?.flag ?? "relay";
  read(last, "", () => distinct(relays.map(({ route }) => route)));
  const faults = faultsOf(flags, relays);
  return {
    kind: "run",
    relays: relays.map((planned) => ({ ...planned, faults: faults.get(planned.route.name) })),
    target: textOf(flags, "target"),
    seed: seedOf(flags),
    json: textOf(flags, "json"),
  };
}
