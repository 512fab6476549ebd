/** Errors that end a run before it measures anything. */

/** An invalid option, described in one line for a person. The command ends with status 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The target cannot be reached: one line for a person, and the system's error code. */
export class TargetError extends Error {
  override readonly name = "TargetError";

  constructor(
    message: string,
    readonly code: string,
  ) {
    super(message);
  }
}
