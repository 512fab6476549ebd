/** The section "Packets", in a real browser, on a real lab, with real traffic. */
import { expect } from "bun:test";
import { startTestLab, urlOf } from "../../support/lab.ts";
import { until } from "../../support/until.ts";
import { browserTest, openPage } from "../support/browser.ts";
import { sendHttp, sendTcp, sendUdp } from "../support/traffic.ts";

const ROWS = "#packets-card tbody tr";

browserTest("the list shows every packet and filters by protocol", async () => {
  await using lab = await startTestLab();
  using page = await openPage(urlOf(lab, "/"));
  await page.shows("#live", "live");
  await page.shows("#packets-card .empty", "nc -u -w1 localhost 7000");
  await sendUdp(lab.ports.udp, 7);
  await sendTcp(lab.ports.tcp, 4);
  await sendHttp(urlOf(lab), 3);
  await until(async () => (await page.count(ROWS)) === 14, "14 packets");
  expect(await page.count(`${ROWS}[data-protocol=udp]`)).toBe(7);
  await page.click("#packets-card label[data-protocol=udp]");
  await page.click("#packets-card label[data-protocol=http]");
  expect(await page.count(ROWS)).toBe(4);
  await page.fill("#packets-card input[type=search]", "no such peer");
  await page.shows("#packets-card .empty", "No packet matches the filter.");
});

browserTest("a pause keeps the rows and counts the packets since", async () => {
  await using lab = await startTestLab();
  using page = await openPage(urlOf(lab, "/"));
  await page.shows("#live", "live");
  await sendUdp(lab.ports.udp, 2);
  await until(async () => (await page.count(ROWS)) === 2, "2 packets");
  await page.click("#packets-card .tools button");
  await sendUdp(lab.ports.udp, 5);
  await page.shows("#packets-card .sampled", "paused; 5 packets since");
  expect(await page.count(ROWS)).toBe(2);
});
