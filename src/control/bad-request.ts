/** A request that asks for what there is not; its message is the one line that the client gets. */
export class BadRequestError extends Error {
  override readonly name = "BadRequestError";
}
