/** Errors of Toxiproxy's HTTP API: a message and an HTTP status, which are the body of the response. */

/** A request that fails. */
export class ToxiproxyError extends Error {
  override readonly name = "ToxiproxyError";

  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

/** A body that is not JSON, or that has a value of another type. */
export const badBody = (problem: string) => new ToxiproxyError(`bad request body: ${problem}`, 400);
/** A body without a field that it needs. */
export const missingField = (field: string) => new ToxiproxyError(`missing required field: ${field}`, 400);
/** No proxy has the name of the path. */
export const proxyNotFound = () => new ToxiproxyError("proxy not found", 404);
/** A proxy, or another relay of the lab, has the name. */
export const proxyExists = () => new ToxiproxyError("proxy already exists", 409);
/** A toxic whose stream is neither `upstream` nor `downstream`. */
export const invalidStream = () => new ToxiproxyError("stream was invalid, can be either upstream or downstream", 400);
/** A toxic of a type that there is not. */
export const invalidType = () => new ToxiproxyError("invalid toxic type", 400);
/** Another toxic of the proxy has the name. */
export const toxicExists = () => new ToxiproxyError("toxic already exists", 409);
/** No toxic of the proxy has the name of the path. */
export const toxicNotFound = () => new ToxiproxyError("toxic not found", 404);
/** What Toxiproxy reports without a status of its own, as a port that cannot be opened. */
export const failed = (message: string) => new ToxiproxyError(message, 500);
