import { expect, test } from "bun:test";
import { runLoad } from "../../../src/load/run.ts";
import { selfSigned } from "../../support/certificate.ts";

const { cert, key } = selfSigned();

function serve(
  tls?: { cert: string; key: string },
  respond: (request: Request) => Response = () => new Response("ok"),
) {
  return Bun.serve({ hostname: "127.0.0.1", port: 0, ...(tls && { tls }), fetch: respond });
}

const common = { protocol: "http", rate: 500, count: 20, timeout: 1, wait: 1, control: false } as const;

test("a given certificate is trusted, and no other one", async () => {
  using server = serve({ cert, key });
  const target = `https://127.0.0.1:${server.port}/`;
  const { packets } = await runLoad({ ...common, target, ca: cert }).report;
  expect(packets).toMatchObject({ sent: 20, answered: 20 });
  const other = await runLoad({ ...common, target, ca: selfSigned().cert }).report;
  expect(other.packets.answered).toBe(0);
  expect(other.verdict.reasons[0]).toContain("certificate");
});

test("the authority of the lab on this machine is trusted, but not one that another host names", async () => {
  using server = serve({ cert, key });
  const asked: string[] = [];
  using control = serve(undefined, (request) => {
    asked.push(new URL(request.url).pathname);
    return request.url.endsWith("/ca.pem") ? new Response(cert) : new Response("", { status: 404 });
  });
  const target = `https://127.0.0.1:${server.port}/`;
  const options = { ...common, target, http: { method: "GET" } };
  const { packets } = await runLoad({ ...options, control: `127.0.0.1:${control.port}` }).report;
  expect(packets).toMatchObject({ sent: 20, answered: 20 });
  expect(asked).toContain("/ca.pem");
  asked.length = 0;
  const foreign = await runLoad({ ...options, control: `0.0.0.0:${control.port}` }).report;
  expect(foreign.packets.answered).toBe(0);
  expect(asked).not.toContain("/ca.pem");
});

test("the authority of the lab is asked for again if the response is late, as after a loss", async () => {
  using server = serve({ cert, key });
  let asked = 0;
  using control = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      if (!request.url.endsWith("/ca.pem")) return new Response("", { status: 404 });
      return ++asked === 1 ? new Promise<Response>(() => {}) : new Response(cert);
    },
  });
  const target = `https://127.0.0.1:${server.port}/`;
  const { packets } = await runLoad({
    ...common,
    target,
    http: { method: "GET" },
    control: `127.0.0.1:${control.port}`,
  }).report;
  expect([asked, packets.answered]).toEqual([2, 20]);
});

test("a certificate that is not accepted is no reason to start a lab", async () => {
  using server = serve({ cert, key });
  const labPorts = { http: 1, tcp: 1, udp: 1, https: server.port ?? 0 };
  const { verdict } = await runLoad({ ...common, protocol: "https", labPorts }).report;
  expect(verdict.reasons[0]).toEndWith("--insecure accepts any certificate");
});
