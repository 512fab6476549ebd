/** The lab on this machine: its default addresses in load runs, and the command that measures it. */
import { formatHostPort, isLoopback } from "../../base/address.ts";
import { type Classic, type Protocol, REGISTRY } from "../../base/protocol.ts";
import type { LoadOptions } from "./options.ts";
import type { Target } from "./target.ts";

/** The options on which the address of the lab on this machine depends. */
type Lab = Pick<LoadOptions, "protocol" | "labPorts">;

/** The ports of a lab: those of the protocols that it serves. */
type LabPorts = Readonly<Record<Classic, number>> & Readonly<Partial<Record<Protocol, number>>>;

function portOf({ protocol, labPorts }: Lab): number {
  const entry = REGISTRY[protocol];
  return labPorts?.["portOf" in entry ? entry.portOf : protocol] ?? entry.port;
}

/** Whether a host name or an address is always this machine. */
export function isThisMachine(hostname: string): boolean {
  return hostname === "localhost" || isLoopback(hostname);
}

/** The target of a run without `target`. */
export function defaultTarget(lab: Lab): string {
  return formatHostPort("127.0.0.1", portOf(lab));
}

/** Whether a target is the address of the lab on this machine. */
export function isLabHere({ hostname, port }: Target, lab: Lab): boolean {
  return isThisMachine(hostname) && port === portOf(lab);
}

/** The address of the control routes of a run without `control`: a lab on the target's host. */
export function defaultControl(hostname: string, labPorts: LoadOptions["labPorts"]): string {
  return formatHostPort(hostname, (isThisMachine(hostname) ? labPorts?.http : undefined) ?? REGISTRY.http.port);
}

/**
 * The command that measures UDP of a lab at `host` and these ports from this machine. Its flags name the ports that are
 * not the default ones, because the load command cannot read the flags with which the lab was started.
 */
export function measureCommand(host: string, ports: LabPorts): string {
  const isDefault = (protocol: Classic) => ports[protocol] === REGISTRY[protocol].port;
  const isHere = host === "localhost" || host === "127.0.0.1";
  return [
    "bun run scripts/load.ts --proto udp",
    ...(isHere && isDefault("udp") ? [] : [`--target ${formatHostPort(host, ports.udp)}`]),
    ...(isDefault("http") ? [] : [`--control ${formatHostPort(host, ports.http)}`]),
  ].join(" ");
}
