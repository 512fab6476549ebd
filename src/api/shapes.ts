/** Response types of the control routes that the page reads. */
import type { Direction, Faults, Impairments } from "../faults/faults.ts";
import type { LinkFaultsByDirection } from "../faults/link-faults.ts";
import type { RelayHead } from "../live/shapes.ts";
import type { Reading } from "../metrics/delta.ts";
import type { RelayAmount } from "../metrics/relay-counters.ts";

/** The response of `/impairments`. */
export interface AllFaults {
  /** The faults in the syntax of WIRELAB_IMPAIR. */
  readonly text: string;
  /** Of each protocol that the lab serves. */
  readonly impairments: Partial<Impairments>;
  /** Names of the presets that the text form accepts. */
  readonly presets: readonly string[];
}

/** The response of `/impairments/{protocol}`. */
export interface ProtocolFaults {
  readonly text: string;
  readonly faults: Faults;
}

/** The response of `/rights`. */
export interface Rights {
  /** Whether the client may change the lab. */
  readonly mayChange: boolean;
  /** Why it may not. */
  readonly reason?: string;
}

/** The totals of one direction of a relay: in + copies = out + dropped + waiting, in octets at any time. */
export interface RelayTotals {
  readonly totals: Readonly<Record<RelayAmount, number>>;
  /** Packets lost by reason, without the reasons that did not occur; on TCP how often octets were. */
  readonly drops: Reading;
  /** Octets lost by reason. */
  readonly dropBytes: Reading;
  /** Packets changed by fault. */
  readonly effects: Reading;
  /** Time from the receipt of packets to their hand-over to the kernel: the sum in s, and how many there were. */
  readonly added: {
    readonly sum: number;
    readonly count: number;
    /** Upper bounds of the buckets of a histogram, s, and how many were in each; the last count is above every bound. */
    readonly bounds: readonly number[];
    readonly counts: readonly number[];
  };
}

/** The response of `/relays/{name}`. */
export interface RelayState extends RelayHead, Readonly<Record<Direction, RelayTotals>> {
  /** Identifies the relay between its opening and its closing: another value after it was made again. */
  readonly instance: string;
}

/** The response of `/relays`. */
export interface AllRelays {
  readonly relays: readonly RelayState[];
  /** Most relays that there can be. */
  readonly limit: number;
}

/** The response of `/relays/{name}/impairments`. */
export interface RelayFaults {
  readonly text: string;
  readonly faults: LinkFaultsByDirection;
}

/** A client of a relay: an open connection (TCP), or an address and port with datagrams (UDP). */
export interface RelayFlow {
  /** Its address and port; empty for clients who may not change the lab. */
  readonly peer: string;
  /** Since it was opened. */
  readonly seconds: number;
  readonly up: RelayFlowAmounts;
  readonly down: RelayFlowAmounts;
}

/** What was received in one direction of a flow, and the packets that were lost; on TCP, octets are counted and packets are not. */
export interface RelayFlowAmounts {
  readonly packets: number;
  readonly bytes: number;
  readonly drops: number;
}

/** The response of `/relays/{name}/flows`: those with the most octets. */
export interface RelayFlows {
  readonly flows: readonly RelayFlow[];
  /** Flows that the response leaves out. */
  readonly leftOut: number;
}
