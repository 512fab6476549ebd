/** The interface between the driver and the clients. Each protocol has one client: clients/<protocol>.ts. */
import type { Clock } from "../../base/clock.ts";
import type { LabIdentity } from "../measure/directions/lab-identity.ts";
import type { Recorder } from "../measure/recorder.ts";
import type { RunPlan } from "../plan/run-plan.ts";
import type { Endpoint } from "../plan/target.ts";

/** The parts of a run that its plan does not contain. */
export interface RunParts {
  readonly endpoint: Endpoint;
  readonly recorder: Recorder;
  readonly clock: Clock;
  /** STAMP session id (RFC 8972) of all sessions of this run, 1 to 65535. */
  readonly ssid: number;
  /** Id of the requests of an HTTP run, by which a lab names those that its faults lost. */
  readonly httpSession: string;
  /** Whether the target is a lab: it returns STAMP packets unchanged to the last octet of their padding. */
  readonly identity: LabIdentity;
  /** Called when an answer or an expiry has freed capacity for more packets. */
  readonly onCapacity: () => void;
}

/** The input of every client. */
export interface ClientSettings
  extends RunParts,
    Pick<
      RunPlan,
      | "mode"
      | "http"
      | "tls"
      | "connections"
      | "streams"
      | "openAll"
      | "closedLoop"
      | "window"
      | "size"
      | "timeoutMs"
      | "waitMs"
      | "highestRate"
      | "seed"
    > {}

/** A session sender: sends the packets of one protocol, and passes their answers to the accounting. */
export interface Client {
  /** Opens the connections. Rejects with a TargetError if the target cannot be reached. */
  open(): Promise<void>;
  /** Accepts the packet with the intended send time `intendedAt` (monotonic ms); false if there is no capacity now. */
  send(intendedAt: number, now: number): boolean;
  /**
   * Counts a packet that was not accepted within its timeout as lost, if the reason is that no connection to the target
   * is open; returns whether it did.
   */
  countLost?(intendedAt: number, now: number): boolean;
  /** Passes accepted packets to the kernel. */
  flush(): void;
  /** Counts packets whose timeout has passed as lost, and replaces closed connections. */
  tick(now: number): void;
  /** Starts a new session: answers to earlier packets are no longer counted. */
  restart(recorder: Recorder, ssid: number): void;
  /** Packets without an outcome. */
  readonly pending: number;
  /** Time of the last answer, monotonic ms. */
  readonly lastArrival: number;
  /** Every local port from which the run has sent, which identifies its sessions at the lab. */
  readonly localPorts: ReadonlySet<number>;
  /** Datagrams that the kernel dropped at full receive buffers of this run; undefined where it does not report them. */
  bufferDrops?(): number | undefined;
  /** Adds the sessions' data to the recorder, when no packet is pending. */
  finish?(): void;
  close(): void;
}

/** Makes a client that is not open yet; a promise of one where the runtime loads a part of itself for it. */
export type MakeClient = (settings: ClientSettings) => Client | Promise<Client>;

/** The exports of each clients/<protocol>.ts. */
export interface ClientModule {
  readonly makeClient: MakeClient;
}
