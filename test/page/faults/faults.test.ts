/** The section "Faults", in a real browser, on a real lab, with real traffic. */
import { describe, expect } from "bun:test";
import { startTestLab, urlOf } from "../../support/lab.ts";
import { until } from "../../support/until.ts";
import { browserTest, openPage } from "../support/browser.ts";
import { faultColumn, nowColumn } from "../support/columns.ts";
import { sendUdp } from "../support/traffic.ts";

describe("faults on the page", () => {
  browserTest("a slider drops packets, and the table shows set, injected and measured loss", async () => {
    await using lab = await startTestLab();
    using page = await openPage(urlOf(lab, "/"));
    await page.shows("#live", "live");
    const slider = `${faultColumn("udp")} [data-kind=drop] input[type=range]`;
    await page.focus(slider);
    await page.view.press("End");
    await page.shows(`${nowColumn("udp")} .chip`, "drop=1");
    expect(await sendUdp(lab.ports.udp, 5, 200)).toBe(0);
    await page.shows(`${nowColumn("udp")} .total`, "5 packets since the start, 5 dropped");
    await page.shows(`${faultColumn("udp")} .injected tbody tr:nth-child(3)`, "no answer100 %100 %100 %");
    await page.shows("#side-by-side .changes", "drop=1");
    await page.click(`${faultColumn("udp")} header button`);
    const isReset = async () => (await (await fetch(urlOf(lab, "/impairments"))).text()).includes('"text":"none"');
    await until(isReset, "the reset");
    expect(await sendUdp(lab.ports.udp, 2)).toBe(2);
  });

  browserTest(
    "HTTP has close and stall: a slider, the fields, the table, and a text with percent and units",
    async () => {
      await using lab = await startTestLab();
      using page = await openPage(urlOf(lab, "/"));
      await page.shows("#live", "live");
      const column = faultColumn("http");
      const slider = `${column} [data-kind=close] input[type=range]`;
      await page.focus(slider);
      await page.view.press("End");
      await page.shows(`${nowColumn("http")} .chip`, "close=1");
      for (let n = 0; n < 3; n++) await expect(fetch(urlOf(lab, "/status/200"))).rejects.toThrow("closed");
      await page.shows(`${column} .injected tbody tr:nth-child(1)`, "lost up100 %100 %");
      await page.shows(`${column} .injected tbody tr:nth-child(3)`, "no answer100 %100 %100 %");
      await page.fill(`${column} .text-form input`, "stall=20%/5%,delay=0.5s");
      await page.click(`${column} .text-form button[type=submit]`);
      await page.shows(`${nowColumn("http")} .chip`, "stall=0.2/0.05,delay=500");
      const paths = ["stall.up", "stall.down", "close.up", "delay.down.ms"];
      const shown = await page.value<string>(
        `${JSON.stringify(paths)}.map((path) => document.querySelector('${column} input[type=number][data-path="' + path + '"]').value).join()`,
      );
      expect(shown).toBe("20,5,0,500");
      const font = `getComputedStyle(document.querySelector('${column} .text-form input')).fontFamily`;
      expect(await page.value<string>(font)).toStartWith("ui-monospace");
      const labels = `[...document.querySelectorAll('${column} label + [data-form=fixed] ~ label ~ [data-form=pareto] label')].map((e) => e.textContent).join()`;
      expect(await page.value<string>(labels)).toBe("min,shape");
    },
  );

  browserTest("a field sets its fault, and a change by another client appears in the fields", async () => {
    await using lab = await startTestLab();
    using page = await openPage(urlOf(lab, "/"));
    await page.shows("#live", "live");
    const field = (path: string) => `${faultColumn("udp")} input[type=number][data-path="${path}"]`;
    const fieldValue = (selector: string) =>
      page.value<string>(`document.querySelector(${JSON.stringify(selector)}).value`);
    const setField = async (path: string, value: string, text: string) => {
      await page.fill(field(path), value);
      await until(async () => (await fieldValue(`${faultColumn("udp")} .text-form input`)) === text, text);
    };
    await setField("drop.down", "2", "drop=0/0.02");
    await setField("burst.up.goodToBad", "1", "drop=0/0.02,burst=gilbert(0.01,0.25)");
    await setField("corrupt.down", "3", "drop=0/0.02,burst=gilbert(0.01,0.25),corrupt=0.03");
    await page.value("(document.activeElement.blur(), true)");
    await fetch(urlOf(lab, "/impairments"), { method: "PUT", body: "udp:delay=uniform(5,20)" });
    await until(
      async () => (await fieldValue(`${faultColumn("udp")} select[data-path="delay.down"]`)) === "uniform",
      "the other client's delay",
    );
    expect(await fieldValue(field("delay.down.minMs"))).toBe("5");
    expect(await fieldValue(field("delay.down.maxMs"))).toBe("20");
    await page.value(
      `(() => { const up = document.querySelector('${faultColumn("udp")} select[data-path="delay.up"]'); up.value = "fixed"; up.dispatchEvent(new Event("input", { bubbles: true })); })()`,
    );
    await setField("delay.up.ms", "30", "delay=30/uniform(5,20)");
    await page.value("(document.activeElement.blur(), true)");
    expect(await fieldValue(field("corrupt.down"))).toBe("0");
  });

  browserTest("a change by another client keeps the input in progress and its error", async () => {
    await using lab = await startTestLab();
    using page = await openPage(urlOf(lab, "/"));
    await page.shows("#live", "live");
    const error = `${faultColumn("tcp")} [data-kind=drop] .error`;
    await page.fill(`${faultColumn("tcp")} [data-kind=drop] input[type=number]`, "150");
    await page.shows(error, "drop.up");
    await fetch(urlOf(lab, "/impairments"), { method: "PUT", body: "udp:corrupt=0.07;tcp:delay=5" });
    const corrupt = `document.querySelector('${faultColumn("udp")} input[type=number][data-path="corrupt.down"]').value`;
    await until(async () => (await page.value<string>(corrupt)) === "7", "the change in another column");
    await page.shows(error, "drop.up");
    await page.fill(`${faultColumn("tcp")} [data-kind=drop] input[type=number]`, "15");
    await page.shows(`${nowColumn("tcp")} .chip`, "drop=0.15");
  });

  browserTest("an invalid number is reported at its field, an invalid text at its character", async () => {
    await using lab = await startTestLab();
    using page = await openPage(urlOf(lab, "/"));
    await page.shows("#live", "live");
    const field = `${faultColumn("tcp")} [data-kind=drop] input[type=number]`;
    await page.fill(field, "150");
    await page.shows(
      `${faultColumn("tcp")} [data-kind=drop] .error`,
      "drop.up: not allowed; allowed: a number from 0 to 100 %",
    );
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
    await page.shows(`${nowColumn("udp")} .chip`, "drop=0.1,delay=5");
  });

  browserTest("a scenario sets its faults and is described as long as they are on", async () => {
    await using lab = await startTestLab();
    using page = await openPage(urlOf(lab, "/"));
    await page.shows("#fault-bar .presets", "satellite");
    const button =
      "[...document.querySelectorAll('#fault-bar .presets button')].find((b) => b.textContent === 'satellite')";
    await page.value(`(${button}.click(), true)`);
    await page.shows("#fault-bar [role=status]", "Geostationary satellite");
    await page.shows(`${nowColumn("tcp")} .chip`, "delay=normal(600,20)");
    const pressed = "[...document.querySelectorAll('.presets [aria-pressed=true]')].map((b) => b.textContent).join()";
    expect(await page.value<string>(pressed)).toBe("satellite");
    await fetch(urlOf(lab, "/impairments/tcp"), { method: "DELETE" });
    await until(async () => (await page.text("#fault-bar [role=status]")) === "", "the end of the description");
    expect(await page.value<string>(pressed)).toBe("");
    await fetch(urlOf(lab, "/impairments"), { method: "DELETE" });
    await page.shows("#fault-bar [role=status]", "No faults.");
    expect(await page.value<string>(pressed)).toBe("None");
  });
});
