/** The reason why a run received no answer. */
import { formatHostPort, splitHostPort } from "../../base/address.ts";
import { REGISTRY } from "../../base/protocol.ts";
import type { Directions } from "../measure/directions/loss-direction.ts";
import type { Recorder } from "../measure/recorder.ts";
import type { RunPlan } from "../plan/run-plan.ts";
import type { Endpoint } from "../plan/target.ts";
import { UNFRAMED } from "../send/stamp/framing.ts";
import { NOT_WEBSOCKET } from "../send/websocket/message-reader.ts";
import type { RunReport } from "./report.ts";

/** Whether the run received no answer at all: neither one in time or late, nor a status that counts as failed. */
export function hasNoAnswer({ packets, failedTime }: RunReport): boolean {
  return packets.answered + packets.late + failedTime.count === 0;
}

/** One line for a person: what arrived instead of an answer. Undefined if there was an answer. */
export function noAnswerReason(
  recorder: Recorder,
  endpoint: Endpoint,
  plan: RunPlan,
  directions: Pick<Directions, "lostDown" | "droppedDown">,
): string | undefined {
  const { counts, errors, statuses, failed } = recorder;
  if (counts.answered + counts.late + failed.count > 0) return undefined;
  const { address, port, behind } = endpoint;
  const open = formatHostPort(address, port);
  const where = behind === undefined ? open : `${behind} through the relay at ${open}`;
  if (errors.has(NOT_WEBSOCKET)) return `${where} answers, but not as ${REGISTRY[plan.protocol].title}`;
  if (counts.corrupt > 0 || errors.has(UNFRAMED)) {
    return `${where} answers, but not ${notIn(plan)}`;
  }
  if (errors.has("ECONNREFUSED")) return `nothing listens at ${where} (ECONNREFUSED)${plan.hint}`;
  if (counts.refused > 0 && counts.sent === 0) {
    return `the kernel of this machine refused every packet to ${where} (${[...errors.keys()].join(", ")})`;
  }
  if (counts.lost > 0 && directions.lostDown - directions.droppedDown === counts.lost && plan.protocol === "udp") {
    return `${where} has answered, but no answer arrived: the way back loses all, or a target on 0.0.0.0 or [::] answers from another of its addresses; --host ${(behind && splitHostPort(behind)?.host) ?? address} of a lab prevents that`;
  }
  const codes = [...errors.keys(), ...Array.from(statuses.keys(), (status) => `status ${status}`)];
  return `${where} answered nothing within the timeout${codes.length === 0 ? "" : ` (${codes.join(", ")})`}`;
}

/** The format that the answers do not have, and the flag that accepts any, where the protocol has such a mode. */
function notIn({ protocol, stamp }: RunPlan): string {
  return stamp ? "in the protocol; --mode plain accepts any answer" : `as ${REGISTRY[protocol].title}`;
}
