/** The section "Now", in a real browser, on a real lab, with real traffic. */
import { expect } from "bun:test";
import { startTestLab, urlOf } from "../../support/lab.ts";
import { until } from "../../support/until.ts";
import { browserTest, openPage } from "../support/browser.ts";
import { nowColumn } from "../support/columns.ts";
import { sendHttp, sendTcp, sendUdp } from "../support/traffic.ts";

browserTest("each protocol's packets are counted in its own column", async () => {
  await using lab = await startTestLab();
  using page = await openPage(urlOf(lab, "/"));
  await page.shows("#live", "live");
  await sendUdp(lab.ports.udp, 7);
  await sendTcp(lab.ports.tcp, 4);
  await sendHttp(urlOf(lab), 3);
  await page.shows(`${nowColumn("udp")} .total`, "7 packets since the start, 0 dropped");
  await page.shows(`${nowColumn("tcp")} .total`, "4 packets since the start, 0 dropped");
  await page.shows(`${nowColumn("http")} .total`, "3 packets since the start, 0 dropped");
});

browserTest("a protocol without connections has a note in place of their chart", async () => {
  await using lab = await startTestLab();
  using page = await openPage(urlOf(lab, "/"));
  await page.shows(`${nowColumn("udp")} .note`, "none: the protocol is connectionless");
  expect(await page.count(`${nowColumn("udp")} .chart`)).toBe(4);
  expect(await page.count(`${nowColumn("tcp")} .chart`)).toBe(5);
});

browserTest("the slider shows the numbers of a past second", async () => {
  await using lab = await startTestLab();
  using page = await openPage(urlOf(lab, "/"));
  await page.shows("#live", "live");
  await until(() => page.value<boolean>("Number(document.querySelector('#look-back').min) <= -3"), "three seconds");
  await page.value("(document.querySelector('#look-back').focus(), true)");
  await page.view.press("Home");
  await page.shows("#side-by-side output", " s ago");
  await page.shows("#cursor-time", "at ");
  await page.view.press("End");
  await page.shows("#side-by-side output", "now");
  expect(await page.text("#cursor-time")).toBe("");
});
