/** Where a run from the page goes, and where it may not. */

import { type AllowedHost, formatHostPort, loopbackOf } from "../base/address.ts";
import type { Protocol } from "../base/protocol.ts";
import type { LoadOptions } from "../load/plan/options.ts";
import { parseTarget } from "../load/plan/target.ts";

/** A target that is not on the operator's list. */
export class TargetNotAllowedError extends Error {
  override readonly name = "TargetNotAllowedError";
}

/** The lab's own addresses, as its own runs reach them. */
export interface OwnPorts {
  readonly host: string;
  readonly ports: Readonly<Record<Protocol, number>>;
}

/**
 * Where a run of `protocol` goes: the lab itself for an empty text, else the target if it is allowed. The control
 * routes are asked only of the lab itself and of hosts that are allowed whole. Throws TargetNotAllowedError.
 */
export function chooseTarget(
  protocol: Protocol,
  text: string,
  own: OwnPorts,
  allowed: readonly AllowedHost[],
): Pick<LoadOptions, "target" | "control"> {
  const itself = loopbackOf(own.host);
  const control = formatHostPort(itself, own.ports.http);
  if (text === "") return { target: formatHostPort(itself, own.ports[protocol]), control };
  const { hostname, port } = parseTarget(text, protocol);
  const name = hostname.toLowerCase().replace(/^\[|\]$/g, "");
  if (port === own.ports[protocol] && (name === itself || name === "localhost")) return { target: text, control };
  const match = allowed.find((target) => target.host === name && (target.port === undefined || target.port === port));
  if (!match) {
    const list =
      allowed.length === 0
        ? "only this lab"
        : ["this lab", ...allowed.map(({ host, port }) => formatHostPort(host, port))].join(", ");
    throw new TargetNotAllowedError(`target ${text} is not allowed; allowed: ${list} (WIRELAB_TARGETS)`);
  }
  return match.port === undefined ? { target: text } : { target: text, control: false };
}
