import { expect, test } from "bun:test";
import { join } from "node:path";
import { PROTOCOLS } from "../../src/base/protocol.ts";

test.each(PROTOCOLS)("src/servers/%s.ts exports listen, the listener of the protocol", async (protocol) => {
  const module: unknown = await import(join(import.meta.dir, "../../src/servers", `${protocol}.ts`));
  expect(module).toMatchObject({ listen: expect.any(Function) });
});
