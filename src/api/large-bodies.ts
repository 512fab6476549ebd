/**
 * Responses of many octets: passed to the kernel part by part, as the client reads them, so that none of them holds the
 * event loop, and limited in sum.
 */
import type { Budget } from "../base/bounded.ts";
import { nextTurn } from "../base/turns.ts";

/** Octets that are passed on in one turn of the event loop; a smaller body is sent at once. */
const PART_OCTETS = 64 * 1024;

/** A response that does not fit beside those that are being sent; the message is one line. */
export class MemoryLimitError extends Error {
  override readonly name = "MemoryLimitError";
}

/** The responses of one lab; `budget` has the octets of those that are being sent. */
export class LargeBodies {
  constructor(private readonly budget: Budget) {}

  /** A response with this body. Throws MemoryLimitError if other clients have too much left to read. */
  respond(body: Uint8Array<ArrayBuffer>, headers: Readonly<Record<string, string>>): Response {
    if (body.length <= PART_OCTETS) return new Response(body, { headers });
    if (!this.budget.reserve(body.length)) {
      throw new MemoryLimitError(`responses that are being sent hold ${this.budget.limit} bytes; try again later`);
    }
    this.budget.release(body.length); // reserved when the sending begins: the body of a response to HEAD is never sent
    return new Response(this.#streamOf(body), { headers });
  }

  #streamOf(body: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array> {
    let sent = 0;
    let reserved = 0;
    const release = () => {
      this.budget.release(reserved);
      reserved = 0;
    };
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          if (sent === 0) {
            reserved = this.budget.reserve(body.length) ? body.length : 0;
            if (reserved === 0) return controller.error(new Error("too many unread responses"));
          }
          await nextTurn();
          if (reserved === 0) return; // cancelled
          const end = Math.min(sent + PART_OCTETS, body.length);
          controller.enqueue(body.subarray(sent, end));
          sent = end;
          if (sent < body.length) return;
          release();
          controller.close();
        },
        cancel: release,
      },
      { highWaterMark: 0 },
    );
  }
}
