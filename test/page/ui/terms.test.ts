/** Terms of the glossary on the page, in a real browser. */
import { expect, test } from "bun:test";
import { GLOSSARY } from "../../../src/base/glossary.ts";
import { termsIn } from "../../../src/page/ui/terms.ts";
import { startTestLab, urlOf } from "../../support/lab.ts";
import { browserTest, openPage } from "../support/browser.ts";
import { nowColumn } from "../support/columns.ts";

browserTest("a label opens the definition of its term, and the section's list has the same text", async () => {
  await using lab = await startTestLab();
  using page = await openPage(urlOf(lab, "/"));
  await page.shows("#live", "live");
  const popover = "document.querySelector('#term-drop-ratio')";
  expect(await page.value<boolean>(`${popover}.matches(":popover-open")`)).toBe(false);
  await page.click(`${nowColumn("udp")} [popovertarget=term-drop-ratio]`);
  expect(await page.value<boolean>(`${popover}.matches(":popover-open")`)).toBe(true);
  expect(await page.value<string>(`${popover}.textContent`)).toBe(`drop ratio${GLOSSARY["drop ratio"]}`);
  expect(await page.text("#now .terms")).toContain(GLOSSARY["drop ratio"]);
});

test("terms are found in texts about protocols as whole words, with their plural, each once", () => {
  expect(termsIn("requests over QUIC: encrypted streams in datagrams, a stream each")).toEqual(["QUIC", "stream"]);
  expect(termsIn("HTTP/2 over TLS, HTTP/3, WebSocket")).toEqual(["TLS", "HTTP/2", "HTTP/3", "WebSocket"]);
  expect(termsIn("HTTP/1.1 upstream, TLSA")).toEqual([]);
});

browserTest(
  "a word of a protocol's summary opens its definition, and each term has one tab stop on display",
  async () => {
    await using lab = await startTestLab();
    using page = await openPage(urlOf(lab, "/"));
    await page.shows("#live", "live");
    await page.click(`${nowColumn("tcp")} .summary [popovertarget=term-stream]`);
    expect(await page.text("#term-stream:popover-open")).toBe(`stream${GLOSSARY.stream}`);
    const stops = `[...document.querySelectorAll('#columns .tile [popovertarget=term-drop-ratio]')].map((label) => label.closest('article').dataset.protocol + label.tabIndex).join()`;
    expect(await page.value<string>(stops)).toBe("http0,tcp-1,udp-1");
    await page.click("#now-protocols label[data-protocol=http]");
    expect(await page.value<string>(stops)).toBe("tcp0,udp-1");
  },
);
