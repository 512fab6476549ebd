/** Terms of the glossary on the page, in a real browser. */
import { expect } from "bun:test";
import { GLOSSARY } from "../../../src/base/glossary.ts";
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
