/** A relay in front of a run's target, as the run uses it. */
import type { LinkFaultsByDirection, Transport } from "../../../faults/link-faults.ts";
import type { RelayReading } from "../../measure/relays/reading.ts";

/** The code of the error of a run whose relay cannot be used. */
export const NO_RELAY = "no-relay";

/** An open relay. */
export interface RelayPath {
  /** Its name at the lab; undefined for one that the run started. */
  readonly name: string | undefined;
  readonly transport: Transport;
  /** The address to which packets are sent in place of the target's. */
  readonly address: string;
  readonly port: number;
  /** The counters now; undefined if the relay does not respond. */
  read(): Promise<RelayReading | undefined>;
  /** Ends the use of the relay; one that the run started is closed. */
  close(): Promise<void>;
}

/** A relay that a run starts. */
export interface OwnRelay {
  readonly transport: Transport;
  /** The target's address, without brackets. */
  readonly host: string;
  readonly port: number;
  readonly faults: LinkFaultsByDirection;
  readonly seed: number;
}

/** Starts a relay in this process. Rejects with an error of one line. */
export type OpenRelay = (relay: OwnRelay) => Promise<RelayPath>;
