/** The parts of connecting to a target that clients share: time limits, retries, errors, local addresses. */
import { formatHostPort } from "../../base/address.ts";
import { errorCode } from "../measure/error-code.ts";
import { TargetError } from "../plan/errors.ts";
import type { Endpoint } from "../plan/target.ts";
import { certificateProblem } from "./tls-errors.ts";

/** The TargetError for a connection that could not be opened: refused, closed, or with an untrusted certificate. */
export function unreachable({ hostname, address, port, behind }: Endpoint, error: unknown): TargetError {
  const code = errorCode(error);
  const open = formatHostPort(address, port);
  const where = behind === undefined ? open : `${behind} through the relay at ${open}`;
  if (code === "ECONNREFUSED") return new TargetError(`nothing listens at ${where} (${code})`, code);
  const problem = certificateProblem(code, hostname);
  if (problem !== undefined) {
    return new TargetError(`no connection to ${where}: ${problem.reason} (${code}); ${problem.remedy}`, code);
  }
  const reason = error instanceof Error ? error.message : "unknown error";
  return new TargetError(`no connection to ${where}: ${reason} (${code})`, code);
}

/** The unspecified address of the family of `address`, to which a socket binds before it connects to `address`. */
export function unspecifiedAddress(address: string): string {
  return address.includes(":") ? "::" : "0.0.0.0";
}

/** Time from a connection attempt that failed to the next one, ms. */
export const RETRY_MS = 100;

/** Least time in which a connection has to open at the start of a run, ms. The kernel repeats a lost SYN after 1 s and 3 s. */
const MIN_OPENING_MS = 5000;

/** How long a connection may take to open at the start of a run: a lost SYN does not end it, however short the timeout is. */
export function openingPatience(timeoutMs: number): number {
  return Math.max(MIN_OPENING_MS, timeoutMs);
}
