/** The page as people use it, in a real browser, on a real lab, with real traffic. */
import { describe, expect } from "bun:test";
import { startTestLab, urlOf } from "../support/lab.ts";
import { until } from "../support/until.ts";
import { browserTest, openPage } from "./support/browser.ts";
import { sendHttp, sendTcp, sendUdp } from "./support/traffic.ts";

const column = (protocol: string) => `#columns [data-protocol=${protocol}]`;
const faultColumn = (protocol: string) => `#fault-columns [data-protocol=${protocol}]`;

describe("the page", () => {
  browserTest("loads without an error, without a request to another host, and goes live", async () => {
    await using lab = await startTestLab();
    using page = await openPage(urlOf(lab, "/"));
    await page.shows("#live", "live");
    await page.shows("#about", "wirelab");
    expect(page.problems).toEqual([]);
    expect(page.requests.length).toBeGreaterThan(5);
    expect(page.requests.filter((url) => !url.startsWith(urlOf(lab)) && url !== "about:blank")).toEqual([]);
    expect(await page.value<string>("document.documentElement.lang")).toBe("en");
  });

  browserTest("takes a newcomer by the hand: one click sends traffic to all three", async () => {
    await using lab = await startTestLab();
    using page = await openPage(urlOf(lab, "/"));
    await page.shows("#first-steps", "Nothing has been sent yet");
    await until(
      async () => !(await page.value<boolean>("document.querySelector('#first-steps').hidden")),
      "the first steps",
    );
    await page.click("#first-steps button");
    await page.shows("#load-live .progress-table", "UDP", 15_000);
    for (const protocol of ["http", "tcp", "udp"]) {
      await until(
        async () => !(await page.text(`${column(protocol)} .total`)).startsWith("0 packets"),
        `packets in the column of ${protocol}`,
        15_000,
      );
    }
    expect(await page.value<boolean>("document.querySelector('#first-steps').hidden")).toBe(true);
  });

  browserTest("shows each protocol's traffic in its own column, with the right number", async () => {
    await using lab = await startTestLab();
    using page = await openPage(urlOf(lab, "/"));
    await page.shows("#live", "live");
    await sendUdp(lab.ports.udp, 7);
    await sendTcp(lab.ports.tcp, 4);
    await sendHttp(urlOf(lab), 3);
    await page.shows(`${column("udp")} .total`, "7 packets since the start, 0 dropped");
    await page.shows(`${column("tcp")} .total`, "4 packets since the start, 0 dropped");
    await page.shows(`${column("http")} .total`, "3 packets since the start, 0 dropped");
    await page.shows("#flow-card tbody", "UDP");
    expect(await page.value<number>("document.querySelectorAll('#flow-card tbody tr').length")).toBe(14);
    expect(await page.value<number>("document.querySelectorAll('#flow-card tbody tr[data-protocol=udp]').length")).toBe(
      7,
    );
    await page.click("#flow-card label[data-protocol=udp]");
    await page.click("#flow-card label[data-protocol=http]");
    expect(await page.value<number>("document.querySelectorAll('#flow-card tbody tr').length")).toBe(4);
  });

  browserTest("a fault set by its slider drops packets, and shows beside what was measured", async () => {
    await using lab = await startTestLab();
    using page = await openPage(urlOf(lab, "/"));
    await page.shows("#live", "live");
    const slider = `${faultColumn("udp")} [data-kind=drop] input[type=range]`;
    await page.view.scrollTo(slider);
    await page.value(`(document.querySelector(${JSON.stringify(slider)}).focus(), true)`);
    await page.view.press("End");
    await page.shows(`${column("udp")} .chip`, "drop=1");
    expect(await sendUdp(lab.ports.udp, 5, 200)).toBe(0);
    await page.shows(`${column("udp")} .total`, "5 packets since the start, 5 dropped");
    await page.shows(`${faultColumn("udp")} .injected tbody tr:nth-child(3)`, "no answer100 %100 %100 %");
    await page.shows("#together .changes", "drop=1");
    await page.click(`${faultColumn("udp")} header button`);
    await until(
      async () => (await (await fetch(urlOf(lab, "/impairments"))).text()).includes('"text":"none"'),
      "the reset",
    );
    expect(await sendUdp(lab.ports.udp, 2)).toBe(2);
  });

  browserTest("a fault that is not allowed is told at its field, a typo at its character", async () => {
    await using lab = await startTestLab();
    using page = await openPage(urlOf(lab, "/"));
    await page.shows("#live", "live");
    const field = `${faultColumn("tcp")} [data-kind=drop] input[type=number]`;
    await page.fill(field, "150");
    await page.shows(`${faultColumn("tcp")} [data-kind=drop] .error`, "drop.up");
    expect(
      await page.value<string>(`document.querySelector(${JSON.stringify(field)}).getAttribute("aria-invalid")`),
    ).toBe("true");
    const text = "#fault-bar input[type=text]";
    await page.fill(text, "udp:drop=0.1,dely=5");
    await page.click("#fault-bar button[type=submit]");
    await page.shows("#fault-bar .error", 'udp has no fault "dely" at character 14');
    const selected = `document.querySelector(${JSON.stringify(text)})`;
    expect(
      await page.value<string>(`${selected}.value.slice(${selected}.selectionStart, ${selected}.selectionEnd)`),
    ).toBe("dely");
    await page.fill(text, "udp:drop=0.1,delay=5");
    await page.click("#fault-bar button[type=submit]");
    await page.shows(`${column("udp")} .chip`, "drop=0.1,delay=5");
  });

  browserTest("a lab that stops and starts again is noticed and recovered from", async () => {
    const first = await startTestLab();
    const { http } = first.ports;
    using page = await openPage(urlOf(first, "/"));
    await page.shows("#live", "live");
    await sendUdp(first.ports.udp, 3);
    await page.shows(`${column("udp")} .total`, "3 packets");
    await first.stop();
    await page.shows("#live", "not live");
    await page.shows("#notice", "does not answer");
    await using second = await startTestLab({ httpPort: http });
    await until(async () => (await page.text("#live")) === "live", "live again", 15_000);
    await sendUdp(second.ports.udp, 1);
    await page.shows(`${column("udp")} .total`, "1 packet since the start");
    expect(await page.value<boolean>("document.querySelector('#notice').hidden")).toBe(true);
  });

  browserTest("a reload loses nothing: the history comes from the lab", async () => {
    await using lab = await startTestLab();
    await sendUdp(lab.ports.udp, 9);
    await until(
      async () => /"packets":\[[^\]]*[1-9]/.test(await (await fetch(urlOf(lab, "/history"))).text()),
      "the history",
    );
    using page = await openPage(urlOf(lab, "/"));
    await page.shows("#live", "live");
    const label = `${column("udp")} .chart`;
    await until(
      async () =>
        /highest [1-9]/.test(
          await page.value<string>(`document.querySelector(${JSON.stringify(label)})?.ariaLabel ?? ""`),
        ),
      "the chart of what was before the page was opened",
    );
  });

  for (const [width, dark] of [
    [360, true],
    [2560, false],
  ] as const) {
    browserTest(`nothing is wider than the window at ${width} pixels`, async () => {
      await using lab = await startTestLab();
      using page = await openPage(urlOf(lab, "/"), { width, dark });
      await page.shows("#live", "live");
      expect(await page.value<number>("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
      const unnamed =
        "[...document.querySelectorAll('input, select, button')].filter((e) => !e.ariaLabel && !e.labels?.length && !e.textContent.trim())";
      expect(await page.value<number>(`${unnamed}.length`)).toBe(0);
    });
  }
});
