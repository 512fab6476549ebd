/** The API as a port of a lab. */
import { expect, test } from "bun:test";
import { NO_FAULTS_BY_DIRECTION } from "../../src/faults/link-faults.ts";
import { printLinkFaults } from "../../src/faults/link-text.ts";
import { startTestLab } from "../support/lab.ts";
import { runMain, startMain } from "../support/process.ts";
import { textOf } from "../support/scrape.ts";
import { until } from "../support/until.ts";
import { ask, openClient, startEcho } from "./support.ts";

test("a lab has the port only if it is configured, and its proxies end with the lab", async () => {
  await using without = await startTestLab();
  expect(without.ports.toxiproxy).toBeUndefined();
  using echo = startEcho();
  const lab = await startTestLab({ toxiproxyPort: 0 });
  const url = `http://127.0.0.1:${lab.ports.toxiproxy}`;
  const upstream = `127.0.0.1:${echo.port}`;
  const { body } = await ask(url, "POST", "/proxies", { name: "p", listen: "127.0.0.1:0", upstream });
  const port = Number((body as { readonly listen: string }).listen.split(":")[1]); // the field is a string in every response
  using client = await openClient(port);
  client.write("12345");
  await until(() => client.read.length === 5, "the echo");
  await lab.stop();
  await until(() => client.end, "the connection is closed");
  await expect(fetch(url)).rejects.toThrow();
  await expect(openClient(port)).rejects.toThrow("connect");
});

test("a proxy is a relay of the lab with its series and its faults, whatever its name is", async () => {
  using echo = startEcho();
  await using lab = await startTestLab({ toxiproxyPort: 0 });
  const url = `http://127.0.0.1:${lab.ports.toxiproxy}`;
  const [name, upstream] = ['my "proxy"', `127.0.0.1:${echo.port}`];
  await ask(url, "POST", "/proxies", { name, listen: "127.0.0.1:0", upstream });
  const path = `/proxies/${encodeURIComponent(name)}/toxics`;
  await ask(url, "POST", path, { type: "latency", stream: "upstream", attributes: { latency: 5 } });
  const relay = lab.relays.get(name);
  using client = await openClient(relay?.port ?? 0);
  client.write("12345");
  await until(() => client.read.length === 5, "the echo");
  const { text } = await textOf(lab);
  expect(text).toContain(String.raw`wirelab_relay_sent_bytes_total{relay="my \"proxy\"",direction="up"} 5`);
  const { body } = await ask(`http://127.0.0.1:${lab.ports.http}`, "GET", "/relays");
  expect(body).toMatchObject({ relays: [{ name }] });
  expect(printLinkFaults("tcp", relay?.faults ?? NO_FAULTS_BY_DIRECTION)).toBe("delay=5/0");
});

test("a port that is in use is an error with its name, and nothing is left open", async () => {
  await using lab = await startTestLab({ toxiproxyPort: 0 });
  const port = lab.ports.toxiproxy;
  await expect(startTestLab({ toxiproxyPort: port })).rejects.toThrow(`Toxiproxy port ${port} on 127.0.0.1 is in use`);
});

test("the program prints the port, and how to choose another", async () => {
  await using lab = await startMain(["--toxiproxy-port", "0"]);
  const port = lab.ports.toxiproxy;
  expect((await ask(`http://127.0.0.1:${port}`, "GET", "/proxies")).text).toBe("{}");
  const ports = ["--http-port", "0", "--tcp-port", "0", "--udp-port", "0", "--tls", "off"];
  const { status, err } = await runMain([...ports, "--toxiproxy-port", `${port}`]);
  expect([status, err]).toEqual([
    1,
    `wirelab: Toxiproxy port ${port} on 127.0.0.1 is in use; choose another with --toxiproxy-port or WIRELAB_TOXIPROXY_PORT\n`,
  ]);
}, 60_000);
