/** Incremental parser of server-sent events (WHATWG HTML, section 9.2), for the fields that the lab sends. */

/** Splits a stream of text into events; an incomplete event is kept for the next call. */
export class EventParser {
  #rest = "";

  /** Calls `handle` for each event that `text` completes. */
  push(text: string, handle: (name: string, data: string) => void): void {
    const blocks = (this.#rest + text).split("\n\n");
    this.#rest = blocks.pop() ?? "";
    for (const block of blocks) {
      let name = "message";
      let data = "";
      for (const line of block.split("\n")) {
        if (line.startsWith("event: ")) name = line.slice(7);
        if (line.startsWith("data: ")) data += line.slice(6);
      }
      if (data) handle(name, data);
    }
  }
}
