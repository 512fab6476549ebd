/** The section "Relays", in a real browser, on a real lab, with real traffic through the relay. */
import { describe, expect } from "bun:test";
import { startTestLab, urlOf } from "../../support/lab.ts";
import { openUdp } from "../../support/udp.ts";
import { until } from "../../support/until.ts";
import { browserTest, openPage } from "../support/browser.ts";

const CARD = '[data-relay="echo"]';

describe("relays on the page", () => {
  browserTest("a relay is opened, shows its traffic and its losses, gets faults, and is closed", async () => {
    await using lab = await startTestLab();
    using service = await openUdp();
    using client = await openUdp();
    using page = await openPage(urlOf(lab, "/"));
    await page.shows("#live", "live");
    await page.shows("#relays", "No relay is open.");
    await page.fill("#relays .opening input", `echo=udp:0>127.0.0.1:${service.port}`);
    await page.click("#relays .opening button");
    await page.shows(`${CARD} h3`, "echo");
    const relay = lab.relays.get("echo");
    for (let i = 0; i < 7; i++) client.send("0123456789", relay?.port ?? 0);
    await until(() => service.got.length === 7, "7 datagrams at the service");
    await page.shows(`${CARD} .counts tbody tr:nth-child(1)`, "in70");
    await page.shows(`${CARD} .path .end`, "clients1 flow,");
    await page.fill(`${CARD} .text-form input`, "drop=1,delay=5");
    await page.click(`${CARD} .text-form button[type=submit]`);
    await page.shows(`${CARD} .injected > .note`, "with: drop=1/0,delay=0/5");
    for (let i = 0; i < 3; i++) client.send("0123456789", relay?.port ?? 0);
    await page.shows(`${CARD} .counts tbody tr:nth-child(3)`, "lost30");
    await page.shows(`${CARD} .counts tbody tr:nth-child(4)`, "lost: drop30");
    await page.click(`${CARD} .flows summary`);
    await page.shows(`${CARD} .flows tbody`, `127.0.0.1:${client.port}`);
    await page.shows(`${CARD} .flows tbody td:nth-child(4)`, "3");
    await page.fill(`${CARD} .text-form input`, "drop=2");
    await page.click(`${CARD} .text-form button[type=submit]`);
    await page.shows(`${CARD} .error`, '"2" is not a valid value for drop at character 6');
    await page.click(`${CARD} header button[aria-label^=Reset]`);
    await until(() => Object.keys(relay?.faults.up ?? { drop: 1 }).length === 0, "the reset");
    await page.click(`${CARD} header button[aria-label^=Close]`);
    await until(() => lab.relays.list().length === 0, "no relay of the lab");
    await page.shows("#relays", "No relay is open.");
  });

  browserTest("until the lab has said which relays are open, the page does not say that none is", async () => {
    const ends = { listen: { host: "127.0.0.1", port: 0 }, upstream: { host: "127.0.0.1", port: 9 } };
    const relays = [{ name: "echo", protocol: "udp", ...ends }] as const;
    await using lab = await startTestLab({ relays, limits: { viewers: 0 } });
    using page = await openPage(urlOf(lab, "/"));
    await page.shows("#relays", "Open relay");
    expect(await page.count("#relays > .note:not([hidden])")).toBe(0);
  });

  browserTest("a text that is no relay, and a port in use, are errors at the field", async () => {
    await using lab = await startTestLab();
    using page = await openPage(urlOf(lab, "/"));
    await page.shows("#live", "live");
    await page.fill("#relays .opening input", "tcp:5432");
    await page.click("#relays .opening button");
    await page.shows("#relays .opening .error", "not a relay; allowed: NAME=tcp|udp:");
    await page.fill("#relays .opening input", "db=tcp:5432>db.example:x");
    await page.click("#relays .opening button");
    await page.shows("#relays .opening .error", "not an upstream");
    expect(await page.value("document.getSelection().toString()")).toBe("db.example");
    await page.fill("#relays .opening input", `db=tcp:${lab.ports.tcp}>127.0.0.1:1`);
    await page.click("#relays .opening button");
    await page.shows("#relays .opening .error", "in use");
    expect(lab.relays.list()).toEqual([]);
  });
});
