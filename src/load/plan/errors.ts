/** What ends a run before it has measured anything. */

/** A bad option: one line for a person. Ends the command with status 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "UsageError";
  }
}

/** A failure to reach the target at all: one line for a person, and the error's code. */
export class TargetError extends Error {
  readonly code: string;
  constructor(message: string, code: string) {
    super(message);
    this.name = "TargetError";
    this.code = code;
  }
}
