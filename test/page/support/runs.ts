/** Load runs on an open page. */
import type { OpenPage } from "./browser.ts";

/** Fills in the form of a load run and submits it. */
export async function startRun(page: OpenPage, protocol: string, rate: number, seconds: number): Promise<void> {
  await page.value(
    `([...document.querySelectorAll("#load-form [name=protocol]")].forEach((box) => {
      if (box.checked !== (box.value === ${JSON.stringify(protocol)})) box.click();
    }), true)`,
  );
  await page.fill("#load-rate", String(rate));
  await page.fill("#load-seconds", String(seconds));
  await page.click("#load-form button[type=submit]");
}

/** The first value in the row `label` of the report in `host`; empty if there is none. */
export function reportValue(page: OpenPage, host: string, label: string): Promise<string> {
  const rows = `[...document.querySelectorAll(${JSON.stringify(`${host} .report-table tr`)})]`;
  return page.value<string>(
    `${rows}.find((row) => row.cells[0]?.textContent === ${JSON.stringify(label)})?.cells[1]?.textContent ?? ""`,
  );
}
