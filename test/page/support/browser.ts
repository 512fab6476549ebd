/** The page in a real browser: Chromium by Bun's WebView. Where there is none, its tests are skipped, and say so. */
import { test } from "bun:test";
import { until } from "../../support/until.ts";

const chromium = ["chromium", "chromium-browser", "google-chrome"].map((name) => Bun.which(name)).find(Boolean);
if (!chromium) console.warn("\n!! SKIPPED the browser tests: no chromium on this machine\n");

/** The page lives by the second, and a busy machine starts a browser slowly. */
const LIMIT_MS = 40_000;

/** A test that needs the browser, and what `also` names where it needs more. */
export function browserTest(name: string, run: () => Promise<void>, also = true): void {
  if (chromium && also) test(name, run, LIMIT_MS);
  else test.skip(name, run);
}

/** A page that is open; `using` closes it. */
export interface OpenPage extends Disposable {
  readonly view: Bun.WebView;
  /** Errors of the console, of the network and of the content policy, as they came. */
  readonly problems: readonly string[];
  /** Every address that was asked for. */
  readonly requests: readonly string[];
  /** The text of the first element that `selector` names; empty where there is none. */
  text(selector: string): Promise<string>;
  /** Waits until that text contains `part`. */
  shows(selector: string, part: string, limitMs?: number): Promise<void>;
  /** Evaluates an expression that gives a number, a text or a truth value. */
  value<T extends number | string | boolean>(expression: string): Promise<T>;
  /** Brings an element into view and clicks it. */
  click(selector: string): Promise<void>;
  /** Replaces the text of a field, as somebody who types does, and leaves it. */
  fill(selector: string, text: string): Promise<void>;
}

/** What a new page is like. */
export interface PageOptions {
  readonly width?: number;
  readonly height?: number;
  readonly dark?: boolean;
}

/** Opens `url`. */
export async function openPage(
  url: string,
  { width = 1280, height = 900, dark = false }: PageOptions = {},
): Promise<OpenPage> {
  const problems: string[] = [];
  const requests: string[] = [];
  const view = new Bun.WebView({
    width,
    height,
    backend: { type: "chrome", path: chromium ?? "", argv: ["--no-sandbox", "--hide-scrollbars"] },
    console: (type, ...args) => {
      if (type === "error" || type === "warn") problems.push(args.map(String).join(" "));
    },
  });
  await view.navigate("about:blank");
  const listen = (event: string, take: (data: string) => void) =>
    view.addEventListener(event, (message) =>
      take(message instanceof MessageEvent ? JSON.stringify(message.data) : ""),
    );
  listen("Runtime.exceptionThrown", (data) => problems.push(data));
  listen("Log.entryAdded", (data) => problems.push(data));
  listen("Network.requestWillBeSent", (data) => requests.push(/"url":"([^"]*)"/.exec(data)?.[1] ?? data));
  for (const domain of ["Runtime", "Log", "Network"]) await view.cdp(`${domain}.enable`);
  await view.cdp("Emulation.setEmulatedMedia", {
    features: [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }],
  });
  await view.navigate(url);

  const value = async <T>(expression: string) => (await view.evaluate(expression)) as T; // the caller says what it asked for
  const text = (selector: string) =>
    value<string>(`document.querySelector(${JSON.stringify(selector)})?.textContent ?? ""`);
  return {
    view,
    problems,
    requests,
    text,
    value,
    async shows(selector, part, limitMs = 8000) {
      let last = "";
      const seen = async () => {
        last = await text(selector);
        return last.includes(part);
      };
      await until(seen, `${selector} shows "${part}"`, limitMs).catch((error: unknown) => {
        throw new Error(
          `${error instanceof Error ? error.message : error}; it shows "${last}"; ${problems.join("; ")}`,
        );
      });
    },
    async click(selector) {
      await view.scrollTo(selector);
      await view.click(selector);
    },
    async fill(selector, text) {
      const field = JSON.stringify(selector);
      await view.scrollTo(selector);
      await value(`(document.querySelector(${field}).focus(), document.querySelector(${field}).select(), true)`);
      await view.type(text);
      await view.press("Tab");
    },
    [Symbol.dispose]: () => view.close(),
  };
}
