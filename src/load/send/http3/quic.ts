/** The part of the runtime's QUIC sockets (`node:quic`) that HTTP/3 needs, loaded when a run needs it. */
import type { QuicSession, QuicStream, SessionOptions } from "node:quic";
import { withoutExperimentalWarning } from "../../../base/kernel.ts";

/** Functions of the runtime's streams that its types do not contain. */
interface Abortable {
  stopSending(code: bigint): void;
  resetStream(code: bigint): void;
}

/** A stream. */
export type Stream = QuicStream & Abortable;

/** A QUIC connection. */
export type Session = QuicSession;

/** Opens a QUIC connection; it is usable when its `opened` is resolved. */
export type Connect = (address: string, options: SessionOptions) => Promise<Session>;

/** Loads the runtime's QUIC sockets, without its warning that they are experimental. */
export async function loadQuic(): Promise<Connect> {
  const { connect } = await withoutExperimentalWarning("quic is an experimental", () => import("node:quic"));
  return connect;
}
