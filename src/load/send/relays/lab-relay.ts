/** A relay of a lab, whose counters are read over HTTP. */
import { formatHostPort, isLoopback, parsePort, splitHostPort, uniformAddress } from "../../../base/address.ts";
import { REGISTRY } from "../../../base/protocol.ts";
import { withHost } from "../../measure/directions/lab-query.ts";
import { fetchJson } from "../../measure/directions/lab-summary.ts";
import { type LabRelayState, parseLabRelay, parseLabRelays } from "../../measure/relays/relay-json.ts";
import { TargetError } from "../../plan/errors.ts";
import { isThisMachine } from "../../plan/lab-address.ts";
import type { RunPlan } from "../../plan/run-plan.ts";
import { type Endpoint, resolveTarget } from "../../plan/target.ts";
import type { LabRelayPlan } from "../../plan/via.ts";
import { NO_RELAY, type RelayPath } from "./relay-path.ts";

/** A relay of a lab that a run can use. */
export interface LabRelay {
  readonly path: RelayPath;
  /** What is behind it, `HOST:PORT`; its own address where the lab does not say. */
  readonly upstream: string;
}

function portOf({ listen }: LabRelayState): number | undefined {
  return parsePort(splitHostPort(listen)?.port ?? "");
}

/** Whether it listens on this address, and not on all addresses of the lab. */
function listensOn({ listen }: LabRelayState, address: string): boolean {
  return uniformAddress(splitHostPort(listen)?.host ?? "") === uniformAddress(address);
}

/**
 * The address of its port: that on which it listens, or that of the lab where that is all addresses, or a loopback address of
 * another machine.
 */
function hostOf({ listen }: LabRelayState, lab: string): string {
  const host = splitHostPort(listen)?.host ?? "";
  const isAway = isLoopback(host) && !isThisMachine(lab);
  return host === "" || host === "0.0.0.0" || host === "::" || isAway ? lab : host;
}

/** The relays of a lab for an error: `it has api (tcp 127.0.0.1:8080)`. */
function listed(states: readonly LabRelayState[]): string {
  if (states.length === 0) return "it has none";
  return `it has ${states.map(({ name, protocol, listen }) => `${name} (${protocol} ${listen})`).join(", ")}`;
}

/**
 * The relay of the plan: that of its name, or of the target's port; of several with this port on different addresses, that
 * of the target's `address` if there is one. Rejects with a TargetError.
 */
async function findRelay(
  control: URL,
  { name, text }: LabRelayPlan,
  plan: RunPlan,
  address: string,
): Promise<LabRelayState> {
  const states = parseLabRelays(await fetchJson(new URL("relays", control)));
  if (states === undefined) throw new TargetError(`--via ${text}: no lab responds at ${control.host}`, NO_RELAY);
  const { port } = plan.target;
  const { transport } = REGISTRY[plan.protocol];
  const isMeant = (relay: LabRelayState) =>
    name === undefined ? relay.protocol === transport && portOf(relay) === port : relay.name === name;
  const meant = states.filter(isMeant);
  const state = meant.find((relay) => listensOn(relay, address)) ?? meant[0];
  if (state !== undefined) return state;
  const missing = name === undefined ? `${transport} relay on port ${port}` : `relay ${name}`;
  throw new TargetError(`the lab at ${control.host} has no ${missing}; ${listed(states)}`, NO_RELAY);
}

/** Finds the relay of the plan. Rejects with a TargetError if there is none for the run's transport. */
export async function findLabRelay(plan: RunPlan, via: LabRelayPlan, target: Endpoint): Promise<LabRelay> {
  const { controlUrl, controlIsDefault, protocol, family } = plan;
  if (controlUrl === undefined) throw new TargetError(`--via ${via.text} requires the lab's control address`, NO_RELAY);
  const control = controlIsDefault ? withHost(controlUrl, target.address) : controlUrl;
  const state = await findRelay(control, via, plan, target.address);
  const { transport } = REGISTRY[protocol];
  const port = portOf(state);
  if (state.protocol !== transport || port === undefined) {
    const problem = `${state.name} is a ${state.protocol} relay; ${protocol} needs a ${transport} relay`;
    throw new TargetError(`--via ${via.text}: ${problem}`, NO_RELAY);
  }
  const hostname = hostOf(state, control.hostname.replace(/^\[|\]$/g, ""));
  const { address } = await resolveTarget({ hostname, port }, family);
  const read = async () => parseLabRelay(await fetchJson(new URL(`relays/${state.name}`, control)))?.reading;
  return {
    path: { name: state.name, transport, address, port, read, close: async () => {} },
    upstream: state.upstream || formatHostPort(address, port),
  };
}
