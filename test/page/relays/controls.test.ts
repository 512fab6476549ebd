/** The controls of a relay's faults, in a real browser, on a real lab, with real datagrams through the relay. */
import { expect } from "bun:test";
import { printLinkFaults } from "../../../src/faults/link-text.ts";
import type { Relay } from "../../../src/relay/relay.ts";
import { startTestLab, urlOf } from "../../support/lab.ts";
import { openUdp } from "../../support/udp.ts";
import { until } from "../../support/until.ts";
import { browserTest, openPage } from "../support/browser.ts";

const LISTEN = { host: "127.0.0.1", port: 0 };

const cardOf = (name: string) => `[data-relay="${name}"]`;
const fieldOf = (name: string, path: string) => `${cardOf(name)} :is(input[type=number], select)[data-path="${path}"]`;

/** Makes the page get its next answer when `releaseHeld` is called. */
const HOLD_NEXT = `(() => {
  const real = fetch;
  window.fetch = async (...request) => {
    window.fetch = real;
    const answer = await real(...request);
    await new Promise((release) => { window.releaseHeld = release; });
    return answer;
  };
})()`;

/** Waits until the relay has these faults, given as text. */
async function hasFaults(relay: Relay, text: string): Promise<void> {
  await until(() => printLinkFaults(relay.route.protocol, relay.faults) === text, text);
}

browserTest(
  "a slider acts on datagrams, a wrong number marks its field, and the changes of others appear, except in an input in progress",
  async () => {
    await using lab = await startTestLab();
    using service = await openUdp();
    using client = await openUdp();
    const upstream = { host: "127.0.0.1", port: service.port };
    const udp = await lab.relays.put({ name: "echo", protocol: "udp", listen: LISTEN, upstream });
    const tcp = await lab.relays.put({ name: "db", protocol: "tcp", listen: LISTEN, upstream });
    using page = await openPage(urlOf(lab, "/"));
    const put = (name: string, body: string) =>
      fetch(urlOf(lab, `/relays/${name}/impairments`), { method: "PUT", body });
    const shown = (name: string, paths: readonly string[]) =>
      page.value<string>(
        `${JSON.stringify(paths.map((path) => fieldOf(name, path)))}.map((at) => document.querySelector(at).value).join()`,
      );
    const leave = () => page.value("(document.activeElement.blur(), true)");
    const echo = cardOf("echo");
    await page.shows(`${echo} h3`, "echo");
    expect(await page.value<boolean>(`document.querySelector('${echo} .controlled').open`)).toBe(false);
    for (const name of ["echo", "db"]) await page.click(`${cardOf(name)} .controlled summary`);

    const slider = `${echo} [data-kind=drop] input[type=range]`;
    await page.view.scrollTo(slider);
    await page.value(`(document.querySelector('${slider}').focus(), true)`);
    await page.view.press("End");
    await hasFaults(udp, "drop=1/0");
    for (let i = 0; i < 3; i++) client.send("0123456789", udp.port);
    await page.shows(`${echo} .since table:nth-of-type(1) tbody tr:nth-child(1)`, "lost100 %100 %100 %");
    expect(service.got).toEqual([]);
    await page.value(`(${HOLD_NEXT}, true)`);
    await page.view.press("Home");
    await hasFaults(udp, "none");
    client.send("passes", udp.port);
    await until(() => service.got.length === 1, "the datagram at the service");

    await page.fill(fieldOf("echo", "up.drop"), "150");
    const error = `${echo} [data-kind=drop] .error`;
    await page.shows(error, "up.drop: not allowed; allowed: a number from 0 to 100 %");
    await until(() => page.value<boolean>("typeof releaseHeld === 'function'"), "the held answer");
    await page.value("(releaseHeld(), true)");
    await put("echo", "corrupt=0.07");
    await page.shows(`${echo} .injected > .note`, "with: corrupt=0/0.07");
    expect(await shown("echo", ["up.drop", "down.corrupt"])).toBe("150,0");
    await page.shows(error, "up.drop");
    await page.fill(fieldOf("echo", "up.drop"), "15");
    await hasFaults(udp, "drop=0.15/0");
    await leave();

    const faults = "delay=normal(20,5)/0,correlation=0.5/0,order=keep/0,rate=1234567/0,queue=500ms/0";
    await put("echo", faults);
    await until(async () => (await shown("echo", ["up.delay"])) === "normal", "the other client's delay");
    const paths = ["delay.meanMs", "delay.stddevMs", "correlation", "order", "rate", "queue", "queue.ms", "drop"];
    expect(
      await shown(
        "echo",
        paths.map((path) => `up.${path}`),
      ),
    ).toBe("20,5,50,kept,1.23457,time,500,0");
    await page.fill(fieldOf("echo", "down.reorder"), "3");
    await hasFaults(udp, faults.replace(",rate", ",reorder=0/0.03,rate")); // the rate keeps the digits that are not shown

    const kinds = "delay=0/50,rate=10000000/0,queue=64000/0,stall=0.05@2000/0,reset=0/0.01";
    const streams = "slice=slice(100,20,1)/0,slow-close=0/500";
    await leave();
    await put("db", `${kinds},limit=1000000/none,${streams}`);
    await until(async () => (await shown("db", ["up.limit"])) === "1000000", "the other client's limit");
    await page.fill(fieldOf("db", "down.limit"), "0");
    await hasFaults(tcp, `${kinds},limit=1000000/0,${streams}`);
    await page.fill(fieldOf("db", "up.slice.variation"), "100");
    await page.shows(`${cardOf("db")} [data-kind=slice] .error`, "up.slice.variation");
    expect(page.problems.filter((problem) => !/\b400\b/.test(problem))).toEqual([]); // of the errors above
  },
);
