import { describe, expect, test } from "bun:test";
import { Budget } from "../../../src/base/bounded.ts";
import { BodyFailure, BodyReader } from "../../../src/servers/http/body.ts";
import { silentErrors } from "../../support/errors.ts";

const LIMITS = { httpBodyBytes: 10, httpBodyMs: 100 };
const POST = { method: "POST" };

/** A request whose body has a content length. */
function withLength(body: string): Request {
  const headers = { "content-length": `${Buffer.byteLength(body)}` };
  return new Request("http://localhost/", { ...POST, body, headers });
}

/** A request whose body is a stream without a content length. */
function streamed(body: ReadableStream): Request {
  return new Request("http://localhost/", { ...POST, body, headers: { "transfer-encoding": "chunked" } });
}

/** A request whose body consists of chunks; `end` is false for a body that is never complete. */
function inChunks(chunks: readonly (string | Uint8Array)[], end = true): Request {
  return streamed(
    new ReadableStream({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(Buffer.from(chunk));
        if (end) controller.close();
      },
    }),
  );
}

/** The body as text, or the problem with it. */
async function read(request: Request, limits = LIMITS): Promise<string> {
  const reader = new BodyReader(limits, new Budget(1e6), silentErrors());
  const answer = (body: string | BodyFailure) => new Response(body instanceof BodyFailure ? `${body.problem}!` : body);
  return (await reader.text(request, answer)).text();
}

describe("BodyReader", () => {
  test("reads a body with a content length as text or as octets", async () => {
    expect(await read(withLength("héllo"))).toBe("héllo");
    const octets = await new BodyReader(LIMITS, new Budget(1e6), silentErrors()).bytes(
      withLength("\u0001é"),
      (body) => {
        return Response.json(body instanceof BodyFailure ? body.problem : [...body]);
      },
    );
    expect(await octets.json()).toEqual([1, 0xc3, 0xa9]);
  });

  test("reads a body in chunks, also where a chunk ends within a character", async () => {
    expect(await read(inChunks(["ab", "", "cd"]))).toBe("abcd");
    expect(await read(inChunks([Uint8Array.of(0xc3), Uint8Array.of(0xa9)]))).toBe("é");
  });

  test("answers a request without a body at once, with an empty body", () => {
    const answer = new BodyReader(LIMITS, new Budget(1e6), silentErrors()).text(
      new Request("http://localhost/", POST),
      (body) => {
        return new Response(null, { headers: { body: `[${body}]` } });
      },
    );
    expect(answer).toBeInstanceOf(Response);
    expect((answer as Response).headers.get("body")).toBe("[]"); // not a promise, as the line above asserts
  });

  test("accepts a body of the largest size and rejects a larger one as too large", async () => {
    expect(await read(withLength("1234567890"))).toBe("1234567890");
    expect(await read(withLength("1234567890x"))).toBe("too-large!");
    expect(await read(inChunks(["12345", "67890"]))).toBe("1234567890");
    expect(await read(inChunks(["12345", "67890", "x"], false))).toBe("too-large!");
  });

  test("reserves the announced length, refuses what exceeds the memory, and frees it at the end", async () => {
    const held = new Budget(15);
    const reader = new BodyReader(LIMITS, held, silentErrors());
    const outcomes: string[] = [];
    const answer = (body: string | BodyFailure, octets: number) => {
      outcomes.push(body instanceof BodyFailure ? body.problem : `${body} ${octets}`);
      return new Response();
    };
    const first = reader.text(withLength("1234567890"), answer);
    expect(held.size).toBe(10);
    reader.text(withLength("123456"), answer);
    expect([...outcomes, held.overflows]).toEqual(["memory-limit", 1]);
    await first;
    expect([...outcomes, held.size]).toEqual(["memory-limit", "1234567890 10", 0]);
  });

  test("counts the octets of invalid UTF-8 as received", async () => {
    const invalid = Uint8Array.of(0xff, 0x41, 0xc3);
    const headers = { "content-length": "3" };
    const requests = [new Request("http://localhost/", { ...POST, body: invalid, headers }), inChunks([invalid])];
    for (const request of requests) {
      let counted = 0;
      await new BodyReader(LIMITS, new Budget(1e6), silentErrors()).text(request, (_, octets) => {
        counted = octets;
        return new Response();
      });
      expect(counted).toBe(3);
    }
  });

  test("rejects a body that is incomplete at the time limit as too slow, and not earlier", async () => {
    const startedAt = performance.now();
    expect(await read(inChunks(["ab"], false))).toBe("too-slow!");
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(LIMITS.httpBodyMs);
  });

  test("rejects a body whose connection fails as a bad request", async () => {
    const body = new ReadableStream({ pull: (controller) => controller.error(new Error("closed")) });
    expect(await read(streamed(body))).toBe("bad-request!");
  });

  test("rejects with the error of a function that fails to make the response", async () => {
    const fail = () => {
      throw new Error("no response");
    };
    await expect(new BodyReader(LIMITS, new Budget(1e6), silentErrors()).text(withLength("ab"), fail)).rejects.toThrow(
      "no response",
    );
  });
});
