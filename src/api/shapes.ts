/** Response types of the control routes that the page reads. */
import type { Faults, Impairments } from "../faults/faults.ts";

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
