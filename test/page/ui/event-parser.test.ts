/** The parser of server-sent events. */
import { expect, test } from "bun:test";
import { EventParser } from "../../../src/page/ui/event-parser.ts";

test("finds the same events however the stream is cut into pieces", () => {
  const stream = 'retry: 1000\n\nevent: snapshot\ndata: {"a":1}\n\nevent: run\ndata: {"b":2}\n\n';
  for (let size = 1; size <= stream.length; size++) {
    const parser = new EventParser();
    const events: string[] = [];
    for (let i = 0; i < stream.length; i += size)
      parser.push(stream.slice(i, i + size), (name, data) => events.push(`${name} ${data}`));
    expect(events).toEqual(['snapshot {"a":1}', 'run {"b":2}']);
  }
});
