/** The first steps of a lab without traffic, in a real browser. */
import { expect } from "bun:test";
import { CLASSICS } from "../../../src/base/protocol.ts";
import { startTestLab, urlOf } from "../../support/lab.ts";
import { until } from "../../support/until.ts";
import { browserTest, openPage } from "../support/browser.ts";
import { nowColumn } from "../support/columns.ts";

const HIDDEN = "document.querySelector('#first-steps').hidden";

browserTest("one click sends packets over the classics, after which the first steps disappear", async () => {
  await using lab = await startTestLab();
  using page = await openPage(urlOf(lab, "/"));
  await page.shows("#first-steps", "No packet has been received yet.");
  await until(async () => !(await page.value<boolean>(HIDDEN)), "the first steps");
  await page.click("#first-steps button");
  await page.shows("#load-live .progress-table", "UDP", 15_000);
  for (const protocol of CLASSICS) {
    const hasPackets = async () => /^[1-9]/.test(await page.text(`${nowColumn(protocol)} .total`));
    await until(hasPackets, `packets in the column of ${protocol}`, 15_000);
  }
  expect(await page.value<boolean>(HIDDEN)).toBe(true);
});
