/** The prepared frames of a request. */
import type { HttpRequest } from "../http/request.ts";
import { pseudoFields } from "../http/request.ts";
import { FLAG, frame, HEADER, MAX_PAYLOAD, TYPE } from "./frames.ts";
import { encodeFields } from "./hpack.ts";

/** The request of a run as it is sent. */
export interface PreparedRequest {
  readonly request: HttpRequest;
  readonly ofRun: RequestHead;
  readonly ofWarmUp: RequestHead;
}

/** The frames of a request's header fields. */
export interface RequestHead {
  /** HEADERS, and CONTINUATION where the fields are longer than a frame. */
  readonly frames: Buffer;
  /** Where in `frames` the id of the stream is written. */
  readonly idsAt: readonly number[];
}

/**
 * The frames of the header fields of `request`.
 * @param session the id of the run; undefined for none
 */
export function requestHead(request: HttpRequest, session?: string): RequestHead {
  const block = encodeFields(pseudoFields(request, session));
  const frames: Buffer[] = [];
  const idsAt: number[] = [];
  let length = 0;
  for (let at = 0; at < block.length; at += MAX_PAYLOAD) {
    const isLast = at + MAX_PAYLOAD >= block.length;
    const end = at === 0 && request.body.length === 0 ? FLAG.endStream : 0;
    const flags = (isLast ? FLAG.endHeaders : 0) | end;
    const next = frame(at === 0 ? TYPE.headers : TYPE.continuation, flags, 0, block.subarray(at, at + MAX_PAYLOAD));
    idsAt.push(length + HEADER - 4);
    length += next.length;
    frames.push(next);
  }
  return { frames: Buffer.concat(frames), idsAt };
}
