/** Targets of load runs from the page: the lab itself, and those that the operator allows with WIRELAB_TARGETS. */

import { type AllowedHost, formatHostPort, loopbackOf } from "../base/address.ts";
import type { Protocol } from "../base/protocol.ts";
import type { LoadOptions } from "../load/plan/options.ts";
import { parseTarget } from "../load/plan/target.ts";

/** A target that is neither the lab itself nor on the list of allowed hosts. */
export class TargetNotAllowedError extends Error {
  override readonly name = "TargetNotAllowedError";
}

/** The address that a lab listens on and its ports. */
export interface LabAddress {
  readonly host: string;
  readonly ports: Readonly<Partial<Record<Protocol, number>>>;
}

/**
 * The target and the control address of a run of `protocol`: the lab itself for an empty `text`, else the target if it
 * is allowed. A host that is allowed with one port only has no control address, because a request to another of its
 * ports is not allowed. Throws TargetNotAllowedError, and UsageError for a text that is no target.
 */
export function chooseTarget(
  protocol: Protocol,
  text: string,
  lab: LabAddress,
  allowed: readonly AllowedHost[],
): Pick<LoadOptions, "target" | "control"> {
  const loopback = loopbackOf(lab.host);
  const control = formatHostPort(loopback, lab.ports.http);
  if (text === "") return { target: formatHostPort(loopback, lab.ports[protocol]), control };
  const { hostname, port } = parseTarget(text, protocol);
  const name = hostname.toLowerCase().replace(/^\[|\]$/g, "");
  if (port === lab.ports[protocol] && (name === loopback || name === "localhost")) return { target: text, control };
  const match = allowed.find((host) => host.host === name && (host.port === undefined || host.port === port));
  if (!match) {
    throw new TargetNotAllowedError(
      `target ${text} is not allowed; allowed: ${listTargets(allowed)} (WIRELAB_TARGETS)`,
    );
  }
  return match.port === undefined ? { target: text } : { target: text, control: false };
}

function listTargets(allowed: readonly AllowedHost[]): string {
  if (allowed.length === 0) return "only this lab";
  return ["this lab", ...allowed.map(({ host, port }) => formatHostPort(host, port))].join(", ");
}
