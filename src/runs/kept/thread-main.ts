/** The program of the thread of the file of kept runs. */
import { StoreServer } from "./server.ts";
import type { ThreadRequest } from "./thread-messages.ts";

declare const self: Worker;

let server: StoreServer | undefined;

self.onmessage = ({ data }: MessageEvent<ThreadRequest>) => {
  if (data.kind === "open")
    server = new StoreServer(data.path, (event, transfer) => self.postMessage(event, [...transfer]));
  else if (data.kind === "call") void server?.serve(data.id, data.call);
  else server?.close();
};
