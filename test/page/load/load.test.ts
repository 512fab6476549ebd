/** The section "Load", in a real browser, on a real lab. */
import { describe, expect } from "bun:test";
import { parseImpairments } from "../../../src/faults/text.ts";
import { startTestLab, urlOf } from "../../support/lab.ts";
import { browserTest, openPage } from "../support/browser.ts";
import { reportValue, startRun } from "../support/runs.ts";

describe("load runs from the page", () => {
  browserTest("a run is started by a click, shows its progress and ends with its report", async () => {
    await using lab = await startTestLab({ impair: parseImpairments("udp:drop=1") });
    using page = await openPage(urlOf(lab, "/"));
    await page.shows("#live", "live");
    await startRun(page, "udp", 50, 2);
    await page.shows("#load-live .status", "Sending");
    await page.shows("#load-live .status", "Done", 15_000);
    expect(await reportValue(page, "#load-live", "sent")).toBe("100");
    expect(await reportValue(page, "#load-live", "answered")).toBe("0");
    expect(await reportValue(page, "#load-live", "upstream")).toBe("100");
    expect(await reportValue(page, "#load-live", "dropped on purpose")).toBe("100");
    await page.shows("#load-live .accounting", "lost upstream 100100 %");
    const explanation = await page.text("#load-live .report .learn");
    expect(explanation).toContain("packet accounting");
    expect(explanation).toContain("100 sent = 0 answered + 100 lost");
    await page.shows("table.runs tbody", "#1");
    expect(page.problems).toEqual([]);
  });

  browserTest(
    "a run is stopped by a click: it is called interrupted, and its report covers the packets sent",
    async () => {
      await using lab = await startTestLab();
      using page = await openPage(urlOf(lab, "/"));
      await page.shows("#live", "live");
      await startRun(page, "tcp", 20, 60);
      await page.shows("#load-live .progress-table", "TCP");
      const again = await fetch(urlOf(lab, "/runs"), {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ protocol: "udp", rate: 1, seconds: 1 }),
      });
      expect(again.status).toBe(409);
      await page.value(
        "([...document.querySelectorAll('#load-form button')].find((b) => b.textContent === 'Stop').click(), true)",
      );
      await page.shows("#load-live .status", "Interrupted after ", 15_000);
      expect(await page.text("#load-live .status")).toMatch(/^Interrupted after [\d.]+ m?s of 60 s$/);
      expect(await page.text("#load-live .badge")).toBe("✕ interrupted");
      await page.shows("table.runs tbody", "✕ interrupted");
      const sent = Number(await reportValue(page, "#load-live", "sent"));
      expect(sent).toBeGreaterThan(5);
      expect(sent).toBeLessThan(1000);
      expect(await reportValue(page, "#load-live", "answered")).toBe(String(sent));
    },
  );

  browserTest("the waiting time is part of a run, and its error is shown at its field", async () => {
    await using lab = await startTestLab({ impair: parseImpairments("udp:delay=300") });
    using page = await openPage(urlOf(lab, "/"));
    await page.shows("#live", "live");
    await page.value("(document.querySelector('#load-form details').open = true)");
    await page.fill("#load-timeout", "0.1");
    await page.fill("#load-warmup", "0");
    await page.fill("#load-wait", "0.05");
    await page.value("((document.querySelector('#load-form details').open = false), true)");
    await page.click("#load-form button[type=submit]");
    await page.shows("#load-form .control + .error", "wait 0.05: expected at least timeout, which is 0.1 s");
    expect(await page.value("document.querySelector('#load-form details').open")).toBe(true);
    await page.fill("#load-wait", "0.2");
    await startRun(page, "udp", 50, 1);
    await page.shows("#load-live .status", "Done", 15_000);
    expect(await reportValue(page, "#load-live", "lost")).toBe("50");
    expect(await reportValue(page, "#load-live", "late")).toBe("0");
    expect(await reportValue(page, "#load-live", "p50")).toBe("> 100 ms");
    await page.shows("#load-live .curves", "UDP");
    expect(await page.text("#term-waiting-time")).toContain("A packet without an answer for this long is lost");
  });

  browserTest("a target that is not allowed and a rate over the limit are reported in one line", async () => {
    await using lab = await startTestLab({ limits: { runRate: 500 } });
    using page = await openPage(urlOf(lab, "/"));
    await page.shows("#load-form", "At most 500 packets per second of each protocol");
    await page.fill("#load-target", "192.0.2.1:7000");
    await page.click("#load-form button[type=submit]");
    await page.shows("#load-form .error", "target 192.0.2.1:7000 is not allowed; allowed: only this lab");
    const target = "document.querySelector('#load-target')";
    expect(await page.value<string>(`${target}.ariaInvalid`)).toBe("true");
    expect(
      await page.value<string>(`document.getElementById(${target}.getAttribute('aria-describedby')).className`),
    ).toBe("error");
    await page.fill("#load-target", "");
    await page.fill("#load-rate", "501");
    await page.click("#load-form button[type=submit]");
    await page.shows("#load-form .control + .error", "rate: not allowed; allowed: a number from 0.1 to 500");
    expect(await page.value<boolean>(`${target}.hasAttribute('aria-invalid')`)).toBe(false);
  });

  browserTest("the values of the form are kept when the page is loaded again", async () => {
    await using lab = await startTestLab();
    using page = await openPage(urlOf(lab, "/"));
    await page.shows("#live", "live");
    await page.value("(document.querySelector('#load-form details').open = true)");
    await page.click("#load-form label[data-protocol=tcp]");
    await page.fill("#load-rate", "77");
    await page.fill("#load-size", "64");
    await page.fill("#load-wait", "");
    await page.view.navigate(urlOf(lab, "/"));
    await page.shows("#live", "live");
    const value = (selector: string) => page.value<string>(`document.querySelector('#load-form ${selector}').value`);
    expect([await value("[name=protocol]:checked"), await value("#load-rate"), await value("#load-size")]).toEqual([
      "tcp",
      "77",
      "64",
    ]);
    expect([await value("#load-seconds"), await value("#load-wait")]).toEqual(["10", ""]);
    expect(await page.value("document.querySelector('#load-form details').open")).toBe(true);
  });
});
