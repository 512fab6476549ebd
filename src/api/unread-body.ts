/** Reads what is left of a refused request, because some clients take a response before the end of their body for an error. */
import { within } from "../base/clock.ts";

/** Longest body that is read, octets: faults and plans of runs are shorter. */
const MOST_OCTETS = 4096;
/** Longest wait for its end, ms. */
const WAIT_MS = 1000;

/**
 * Resolves when the body has arrived, or after a second. On HTTP/2 a response before the end of the body is followed by RST_STREAM
 * with NO_ERROR (RFC 9113 section 8.1), after which curl 7.88 discards the response. A longer body, or one whose length is not
 * announced, is not read.
 */
export async function discardBody(request: Request): Promise<void> {
  const length = Number(request.headers.get("content-length") ?? 0);
  if (!(length > 0 && length <= MOST_OCTETS) || request.bodyUsed || request.body === null) return;
  await within(
    request.arrayBuffer().catch(() => undefined), // the client gave up
    WAIT_MS,
  );
}
