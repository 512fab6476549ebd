/** Errors of the kept runs; each message is one line for the response to a request. */

/** The file of kept runs is locked by another process, or busy, for longer than a call waits. */
export class StoreBusyError extends Error {
  override readonly name = "StoreBusyError";
}

/** The thread of the file has ended, or the lab is stopping. */
export class StoreEndedError extends Error {
  override readonly name = "StoreEndedError";
}

/** A kept run whose columns are not what `save` writes. */
export class UnreadableRunError extends Error {
  override readonly name = "UnreadableRunError";
}
