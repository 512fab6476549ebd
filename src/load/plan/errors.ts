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

/** Options whose names differ from those of their flags. */
const OPTION_OF: Readonly<Record<string, string>> = { slo: "objectives", proto: "protocol", insecure: "verify" };

/**
 * The message of a UsageError with names of options in place of flags: `inFlight` for `--in-flight`.
 * @param names of flags that have another name where the message is shown
 */
export function namingOptions(message: string, names: Readonly<Record<string, string>> = {}): string {
  const named = message.replaceAll(
    /(?<=^|\s)--([a-z][a-z-]*)/g,
    (_, flag: string) => names[flag] ?? OPTION_OF[flag] ?? camelCase(flag),
  );
  return named.replaceAll(/(?<=^|\s)-([46])(?=\s|$)/g, "family $1");
}

function camelCase(flag: string): string {
  return flag.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
