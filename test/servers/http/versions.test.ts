/** The listeners of HTTPS, HTTP/2 and HTTP/3: the same routes, faults, counts and access control as HTTP. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { networkInterfaces } from "node:os";
import { chance, cleanFate, decide } from "../../../src/faults/decide.ts";
import { byDirection } from "../../../src/faults/packet-faults.ts";
import { parseImpairments } from "../../../src/faults/text.ts";
import type { LabOptions } from "../../../src/lab.ts";
import { setFaults, trafficOf } from "../../support/clients.ts";
import { ALL_FREE_PORTS, startTestLab } from "../../support/lab.ts";
import { scrape } from "../../support/scrape.ts";
import { ask, SECURE_VERSIONS, type SecureVersion } from "../../support/versions.ts";

setDefaultTimeout(20_000);

/** A lab that serves HTTP and the protocols of `served`. */
function labWith(served: readonly SecureVersion[], options: LabOptions = {}) {
  const off = Object.fromEntries(["https", "http2", "http3"].map((name) => [`${name}Port`, "off"]));
  const on = Object.fromEntries(served.map((name) => [`${name}Port`, 0]));
  return startTestLab({ ...ALL_FREE_PORTS, tlsPort: "off", ...off, ...on, ...options });
}

/** The output of a command that talks to a lab of this process. */
async function outputOf(command: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = Bun.spawn([...command], {
    stdout: "pipe",
    stderr: "pipe",
    env: { PATH: process.env.PATH ?? "", ...env },
  });
  const out = await new Response(child.stdout).text();
  await child.exited;
  return out.trim();
}

describe("foreign clients", () => {
  test.each([
    ["https", "--http1.1", "1.1"],
    ["http2", "--http2", "2"],
  ] as const)("curl gets answers over %s (%s)", async (protocol, flag, version) => {
    await using lab = await labWith([protocol]);
    const url = `https://127.0.0.1:${lab.ports[protocol]}`;
    const curl = ["curl", "-q", "-s", "-k", flag, "-w", " %{http_version} %{http_code}"];
    expect(await outputOf([...curl, "-d", '{"n":7}', url])).toBe(`{"status":"received"} ${version} 200`);
    expect(await outputOf([...curl, "-d", "a b", `${url}/echo`])).toBe(`a b ${version} 200`);
    expect(await outputOf([...curl, `${url}/bytes/3`])).toEndWith(` ${version} 200`);
    await setFaults(lab, protocol, { drop: { up: 1, down: 0 } });
    expect(await outputOf([...curl, "-D", "-", "-o", "/dev/null", `${url}/status/200`])).toMatch(
      new RegExp(`x-wirelab-fate: dropped-up[^]* ${version} 503$`),
    );
    const { packets, answered, drops } = await trafficOf(lab, protocol);
    expect([packets, answered, drops("fault-up")]).toEqual([4, 3, 1]);
    expect((await trafficOf(lab, "http")).packets).toBe(0);
  });

  test("a client that trusts the lab's authority gets answers over HTTP/3", async () => {
    await using lab = await labWith(["http3"]);
    const file = `${process.env.TMPDIR ?? "/tmp"}/wirelab-ca-${lab.ports.http}.pem`;
    await Bun.write(file, await (await fetch(`http://127.0.0.1:${lab.ports.http}/ca.pem`)).text());
    const program = `const r = await fetch("https://127.0.0.1:${lab.ports.http3}/", { method: "POST", body: "{}", protocol: "http3" });
      console.log(r.status, await r.text())`;
    const out = await outputOf([process.execPath, "-e", program], { NODE_EXTRA_CA_CERTS: file });
    await Bun.file(file).delete();
    expect(out).toBe('200 {"status":"received"}');
    expect((await trafficOf(lab, "http3")).answered).toBe(1);
  });
});

describe.each(SECURE_VERSIONS)("%s", (protocol) => {
  test("answers the traffic routes and counts them as its own packets", async () => {
    await using lab = await labWith(SECURE_VERSIONS);
    const received = await ask(lab, protocol, "/", { method: "POST", body: "{}" });
    expect([received.status, await received.text()]).toEqual([200, '{"status":"received"}']);
    expect(received.headers.get("server-timing")).toMatch(/^app;dur=\d+\.\d{3}$/);
    const echoed = await ask(lab, protocol, "/echo", { method: "POST", body: "octets" });
    expect(await echoed.text()).toBe("octets");
    expect((await ask(lab, protocol, "/status/418")).status).toBe(418);
    expect((await (await ask(lab, protocol, "/bytes/100000")).bytes()).length).toBe(100_000);
    expect((await ask(lab, protocol, "/bytes/7", { method: "HEAD" })).headers.get("content-length")).toBe("7");
    expect((await ask(lab, protocol, "/", { method: "POST", body: "not" })).status).toBe(400);
    const { packets, answered, receivedBytes, rejected } = await trafficOf(lab, protocol);
    expect([packets, answered, receivedBytes, rejected("not-json")]).toEqual([6, 6, 11, 1]);
    for (const other of ["http", ...SECURE_VERSIONS].filter((name) => name !== protocol)) {
      expect((await scrape(lab)).get("packets_total", { protocol: other })).toBe(0);
    }
  });

  test("answers control routes, and counts the requests that they refuse as its own", async () => {
    await using lab = await labWith(SECURE_VERSIONS);
    expect(await (await ask(lab, protocol, "/healthz")).json()).toEqual({ status: "alive" });
    expect(await (await ask(lab, protocol, "/rights")).json()).toMatchObject({ mayChange: true });
    expect((await ask(lab, protocol, "/nowhere")).status).toBe(404);
    expect((await ask(lab, protocol, "/status/200", { method: "DELETE" })).status).toBe(405);
    const series = await scrape(lab);
    const refused = (name: string) => series.get("wirelab_rejected_total", { protocol: name, reason: "not-found" });
    expect(["http", ...SECURE_VERSIONS].map(refused)).toEqual(
      ["http", ...SECURE_VERSIONS].map((name) => (name === protocol ? 2 : 0)),
    );
  });

  test("loses the packets that the seed determines", async () => {
    const text = "drop=0.3/0.2,burst=gilbert(0.1,0.5),status=500:0.3";
    const impair = parseImpairments(`${protocol}:${text}`);
    await using lab = await labWith([protocol], { impair, seed: 11 });
    const chances = chance(11, protocol);
    const expected = Array.from({ length: 40 }, () => {
      const { up, down } = decide(byDirection(impair[protocol]), chances, cleanFate());
      return up.lostBy ? "dropped-up" : down.lostBy ? "dropped-down" : `${down.status || 204}`;
    });
    const got: string[] = [];
    for (const _ of expected) {
      const { status, headers } = await ask(lab, protocol, "/status/204");
      got.push(headers.get("x-wirelab-fate") ?? `${status}`);
    }
    expect(got).toEqual(expected);
    expect(new Set(got).size).toBe(4);
    const { packets, dropped, drops } = await trafficOf(lab, protocol);
    const lost = (fate: string) => expected.filter((name) => name === fate).length;
    expect([packets, drops("fault-up"), drops("fault-down")]).toEqual([40, lost("dropped-up"), lost("dropped-down")]);
    expect(dropped).toBe(lost("dropped-up") + lost("dropped-down"));
  });

  test("delays answers and includes the delay in the response time", async () => {
    await using lab = await labWith([protocol], { impair: parseImpairments(`${protocol}:delay=30`) });
    const startedAt = performance.now();
    await Promise.all(Array.from({ length: 8 }, () => ask(lab, protocol, "/status/204")));
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(30);
    const { answered, within, seconds } = await trafficOf(lab, protocol);
    expect([answered, within(0.025)]).toEqual([8, 0]);
    expect(seconds).toBeGreaterThanOrEqual(8 * 0.03);
  });

  test("judges a request by the address of its own peer", async () => {
    const host = Object.values(networkInterfaces())
      .flat()
      .find((own) => own?.family === "IPv4" && !own.internal)?.address;
    await using lab = await labWith(SECURE_VERSIONS, { host: "0.0.0.0" });
    const change = { method: "PUT", body: "drop=0.5", headers: { "content-type": "text/plain" } };
    const put = (from: string) => ask(lab, protocol, "/impairments/udp", change, from);
    expect((await put("127.0.0.1")).status).toBe(200);
    if (host === undefined) return console.warn("SKIPPED a remote client: this machine has no other address");
    // At the same time, so that a request could be taken for one of another listener.
    const local = () => ask(lab, "http", "/impairments/udp", change);
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => (n % 2 ? local() : put(host))));
    expect(answers.map(({ status }) => status)).toEqual(answers.map((_, n) => (n % 2 ? 200 : 403)));
    expect(await (await ask(lab, protocol, "/rights", {}, host)).json()).toMatchObject({ mayChange: false });
    expect((await trafficOf(lab, protocol)).rejected("forbidden")).toBe(10);
  });
});

describe("Alt-Svc", () => {
  test("names the port of HTTP/3 on HTTPS and HTTP/2, in every kind of response", async () => {
    await using lab = await labWith(SECURE_VERSIONS);
    const value = `h3=":${lab.ports.http3}"; ma=86400`;
    const valuesOf = async (protocol: "http" | SecureVersion) => {
      const paths = ["/status/204", "/delay/0.002", "/healthz", "/rights", "/nowhere", "/swagger/json"];
      const answers = await Promise.all(paths.map((path) => ask(lab, protocol, path)));
      return new Set(answers.map(({ headers }) => headers.get("alt-svc")));
    };
    for (const protocol of ["https", "http2"] as const) {
      expect(await valuesOf(protocol)).toEqual(new Set([value]));
      await setFaults(lab, protocol, { drop: { up: 1, down: 0 } });
      expect((await ask(lab, protocol, "/status/204")).headers.get("alt-svc")).toBe(value);
    }
    expect(await valuesOf("http")).toEqual(new Set([null]));
    expect(await valuesOf("http3")).toEqual(new Set([null]));
  });

  test("is missing if HTTP/3 is not served", async () => {
    await using lab = await labWith(["https", "http2"]);
    for (const protocol of ["https", "http2"] as const) {
      for (const path of ["/status/204", "/healthz", "/rights"]) {
        expect((await ask(lab, protocol, path)).headers.get("alt-svc")).toBeNull();
      }
    }
  });
});
