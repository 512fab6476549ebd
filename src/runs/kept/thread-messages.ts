/** The messages between the lab and the thread of the file of kept runs. */
import type { Fields } from "../../base/log.ts";
import type { RunCalls } from "./library.ts";

/** The name of a call. */
export type CallName = keyof RunCalls;

/** A call with its arguments, of any name. */
export type AnyCall = {
  readonly [Name in CallName]: { readonly name: Name; readonly args: Parameters<RunCalls[Name]> };
}[CallName];

/** A message from the lab to the thread; "open" is the first one, "close" the last. */
export type ThreadRequest =
  | { readonly kind: "open"; readonly path: string }
  | { readonly kind: "call"; readonly id: number; readonly call: AnyCall }
  | { readonly kind: "close" };

/** What a failed call is for the lab: try later, a run that cannot be read, or any other error. */
export type FailureKind = "busy" | "unreadable" | "failed";

/** A message from the thread to the lab. */
export type ThreadEvent =
  | { readonly kind: "result"; readonly id: number; readonly result: ReturnType<RunCalls[CallName]> }
  | { readonly kind: "failure"; readonly id: number; readonly failure: FailureKind; readonly message: string }
  /** The list has changed. */
  | { readonly kind: "version"; readonly version: number }
  | {
      readonly kind: "log";
      readonly level: "error" | "warn" | "info";
      readonly message: string;
      readonly fields: Fields;
    }
  /** The file is closed, and no further message follows. */
  | { readonly kind: "closed" };
