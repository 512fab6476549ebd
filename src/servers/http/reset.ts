/** The reset of one stream of HTTP/2 or HTTP/3. */

/**
 * A response that resets its stream before any header: RST_STREAM with INTERNAL_ERROR (2) on HTTP/2, RESET_STREAM with code 0 on
 * HTTP/3. The connection serves on. The runtime has no call for it and no choice of the code; it resets the stream if the
 * body fails before its first octet. It prints the error of a body, and nothing if there is none.
 */
export function resetStream(): Response {
  return new Response(new ReadableStream({ start: (controller) => controller.error() }));
}
