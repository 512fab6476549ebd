/** The relay that a run goes through: one with given faults that the run starts, or one of a lab. */
import type { LinkFaultsByDirection, Transport } from "../../faults/link-faults.ts";
import { parseLinkFaults, printLinkFaults } from "../../faults/link-text.ts";
import { ImpairmentError } from "../../faults/pieces.ts";
import { RELAY_NAME } from "../../relay/route/text.ts";
import { UsageError } from "./errors.ts";
import type { LoadOptions } from "./options.ts";

/** A relay that the run starts in front of the target. */
export interface OwnRelayPlan {
  readonly kind: "own";
  readonly faults: LinkFaultsByDirection;
  /** The faults as text, in the form that reports have. */
  readonly text: string;
}

/** A relay of the lab at the control address. */
export interface LabRelayPlan {
  readonly kind: "lab";
  /** Undefined for the relay that listens on the target's port. */
  readonly name: string | undefined;
  readonly text: string;
}

/** The relay of a run. */
export type ViaPlan = OwnRelayPlan | LabRelayPlan;

/** The text of a relay of a lab, as opposed to that of faults: `relay` or `relay:NAME`. */
const OF_LAB = /^relay(?::(.*))?$/s;

/** Whether a text names a relay of a lab. */
export function isLabRelay(text: string): boolean {
  return OF_LAB.test(text.trim());
}

/** The relay of the options; undefined without one. Throws a UsageError. */
export function planVia(
  { via, control, target }: Pick<LoadOptions, "via" | "control" | "target">,
  transport: Transport,
): ViaPlan | undefined {
  if (via === undefined) return undefined;
  if (via.trim() === "") throw new UsageError('--via "": expected faults such as drop=0.1/0.1, or relay:NAME');
  const [text, name] = OF_LAB.exec(via.trim()) ?? [];
  if (text === undefined) return planOwn(via, transport);
  if (control === false)
    throw new UsageError(`--via ${text} and --control none exclude each other: the lab has the relay`);
  if (name === undefined && target === undefined)
    throw new UsageError("--via relay requires --target, with the port of the relay; or name it: --via relay:NAME");
  if (name !== undefined && !RELAY_NAME.test(name))
    throw new UsageError(`--via ${text}: expected relay:NAME, a letter and then up to 62 letters, digits, - and _`);
  return { kind: "lab", name, text };
}

function planOwn(via: string, transport: Transport): OwnRelayPlan {
  try {
    const faults = parseLinkFaults(transport, via);
    return { kind: "own", faults, text: printLinkFaults(transport, faults) };
  } catch (error) {
    if (!(error instanceof ImpairmentError)) throw error;
    throw new UsageError(`--via ${via}: ${error.message}; or relay:NAME for a relay of the lab`);
  }
}
