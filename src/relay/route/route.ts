/** What a relay forwards, from where to where. */
import type { Transport } from "../../faults/link-faults.ts";

/** A host, name or address, and a port. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** The name of a relay unless it is given. */
export const DEFAULT_RELAY_NAME = "relay";

/** A relay in a line for a person: `relay api`; `relay` without a name of its own. */
export function relayTitle(name: string): string {
  return name === DEFAULT_RELAY_NAME ? "relay" : `relay ${name}`;
}

/** What a relay forwards, from where to where. */
export interface RelayRoute {
  /** Names it in metrics, and its random streams. */
  readonly name: string;
  readonly protocol: Transport;
  /** A port of 0 picks a free one. */
  readonly listen: HostPort;
  readonly upstream: HostPort;
}

/** A route whose relay has its name from elsewhere. */
export type UnnamedRoute = Omit<RelayRoute, "name">;

/** The route of a relay at the port on which it listens, which differs from that of its route if that is 0. */
export function openRoute({ route, port }: { readonly route: RelayRoute; readonly port: number }): RelayRoute {
  return { ...route, listen: { ...route.listen, port } };
}

/** What is wrong with a relay. */
export interface RelayProblem {
  /** The part that is wrong. */
  readonly field?: "name" | "protocol" | "listen" | "upstream";
  /** Of a text: the index of the wrong part, from 0. */
  readonly position?: number;
  /** What is allowed there. */
  readonly allowed?: string;
  /** The relay itself is valid, but something else is in its way: its port is in use, or there are too many relays. */
  readonly isConflict?: boolean;
  /** The system's error code, of a port that cannot be opened. */
  readonly code?: string;
}

/** A relay that could not be made: one line that says why. */
export class RelayError extends Error {
  override readonly name = "RelayError";

  constructor(
    message: string,
    readonly problem: RelayProblem = {},
  ) {
    super(message);
  }
}
