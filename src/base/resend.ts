/** Sending a datagram past the ICMP error of an earlier one. */

/**
 * Calls `send`, and once more if it throws. On a socket with a pending ICMP error (ECONNREFUSED of an earlier datagram)
 * the kernel reports that error on the next send and does not send; reporting clears it. `onError` receives each error.
 * Returns what `send` returned, or undefined if both attempts failed.
 */
export function resendOnError<Result>(send: () => Result, onError?: (error: unknown) => void): Result | undefined {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      return send();
    } catch (error) {
      onError?.(error);
    }
  }
  return undefined;
}
