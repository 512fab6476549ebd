/** Opens pages in Chromium by Bun's WebView. Without Chromium the browser tests are skipped, with a warning. */
import { test } from "bun:test";
import { until } from "../../support/until.ts";

const chromium = ["chromium", "chromium-browser", "google-chrome"].map((name) => Bun.which(name)).find(Boolean);
if (!chromium) console.warn("\n!! SKIPPED the browser tests: no chromium on this machine\n");

/** The page updates once a second, and a browser starts slowly on a busy machine. */
const LIMIT_MS = 90_000;

/** The time in which an element in view is clicked, and the number of times that it is scrolled into view. */
const [CLICK_MS, MOST_CLICKS] = [3000, 10] as const;

/**
 * Without a window, Chromium still loads the pages of its own address bar beside each page, which take longer than the page
 * itself.
 */
const NO_ADDRESS_BAR = "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup";

/** A test that needs the browser and `condition`. */
export function browserTest(name: string, run: () => Promise<void>, condition = true): void {
  if (chromium && condition) test(name, run, LIMIT_MS);
  else test.skip(name, run);
}

/** An open page; `using` closes it. */
export interface OpenPage extends Disposable {
  readonly view: Bun.WebView;
  /** Errors of the console, of the network and of the content security policy, in order. */
  readonly problems: readonly string[];
  /** Every requested URL. */
  readonly requests: readonly string[];
  /** The text of the first element that matches `selector`; empty if none does. */
  text(selector: string): Promise<string>;
  /** Waits until that text contains `part`. */
  shows(selector: string, part: string, limitMs?: number): Promise<void>;
  /** Evaluates a JavaScript expression whose value is a number, a string or a boolean. */
  value<T extends number | string | boolean>(expression: string): Promise<T>;
  /** The number of elements that match `selector`. */
  count(selector: string): Promise<number>;
  /** Scrolls an element into view and clicks it. */
  click(selector: string): Promise<void>;
  /** Scrolls an element into view and focuses it, as soon as it takes the focus: controls are inert until they have values. */
  focus(selector: string): Promise<void>;
  /** Replaces the text of a field as a user does, and leaves the field. */
  fill(selector: string, text: string): Promise<void>;
}

/** Properties of a new page. */
export interface PageOptions {
  readonly width?: number;
  readonly height?: number;
  readonly dark?: boolean;
  /** Further arguments of the browser. */
  readonly argv?: readonly string[];
}

/** Opens `url`. */
export async function openPage(
  url: string,
  { width = 1280, height = 900, dark = false, argv = [] }: PageOptions = {},
): Promise<OpenPage> {
  const problems: string[] = [];
  const requests: string[] = [];
  const view = new Bun.WebView({
    width,
    height,
    backend: {
      type: "chrome",
      path: chromium ?? "",
      argv: ["--no-sandbox", "--hide-scrollbars", NO_ADDRESS_BAR, ...argv],
    },
    console: (type, ...args) => {
      if (type === "error" || type === "warn") problems.push(args.map(String).join(" "));
    },
  });
  await view.navigate("about:blank");
  const listen = (event: string, handle: (data: string) => void) =>
    view.addEventListener(event, (message) =>
      handle(message instanceof MessageEvent ? JSON.stringify(message.data) : ""),
    );
  listen("Runtime.exceptionThrown", (data) => problems.push(data));
  listen("Log.entryAdded", (data) => problems.push(data));
  listen("Network.requestWillBeSent", (data) => requests.push(/"url":"([^"]*)"/.exec(data)?.[1] ?? data));
  for (const domain of ["Runtime", "Log", "Network"]) await view.cdp(`${domain}.enable`);
  await view.cdp("Emulation.setEmulatedMedia", {
    features: [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }],
  });
  await view.navigate(url);

  const value = async <T>(expression: string) => (await view.evaluate(expression)) as T; // the caller states the type
  const find = (selector: string) => `document.querySelector(${JSON.stringify(selector)})`;
  const text = (selector: string) => value<string>(`${find(selector)}?.textContent ?? ""`);
  const focus = async (selector: string) => {
    await view.scrollTo(selector);
    const takesFocus = `(${find(selector)}.focus(), document.activeElement === ${find(selector)})`;
    await until(() => value<boolean>(takesFocus), `${selector} takes the focus`, 8000);
  };
  return {
    view,
    problems,
    requests,
    text,
    value,
    focus,
    count: (selector) => value<number>(`document.querySelectorAll(${JSON.stringify(selector)}).length`),
    async shows(selector, part, limitMs = 8000) {
      let last = "";
      const contains = async () => {
        last = await text(selector);
        return last.includes(part);
      };
      await until(contains, `${selector} shows "${part}"`, limitMs).catch((error: unknown) => {
        const message = error instanceof Error ? error.message : String(error);
        throw new Error(`${message}; it shows "${last}"; ${problems.join("; ")}`);
      });
    },
    async click(selector) {
      for (let attempt = 1; ; attempt++) {
        await view.scrollTo(selector);
        try {
          return await view.click(selector, { timeout: CLICK_MS });
        } catch (error) {
          // What appeared above the element after the scrolling has moved it out of view.
          if (attempt === MOST_CLICKS) throw error;
        }
      }
    },
    async fill(selector, text) {
      await focus(selector);
      await value(`(${find(selector)}.select(), true)`);
      await view.type(text);
      await view.press("Tab");
    },
    [Symbol.dispose]: () => view.close(),
  };
}
