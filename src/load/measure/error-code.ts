/** Errors as codes for counting. */

/** The system's code of an error, such as ECONNREFUSED; otherwise the error's name. */
export function errorCode(error: unknown): string {
  if (error instanceof Error) {
    return "code" in error && typeof error.code === "string" ? error.code : error.name;
  }
  return "unknown";
}
