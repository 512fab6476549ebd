/**
 * The contrast of the controls of an open page, as Chromium computes their colours: of their text, placeholder, border and
 * focus ring, in each state. The states are forced over the DevTools protocol, so that no pointer has to move.
 */
import type { OpenPage } from "./browser.ts";
import { lowContrasts } from "./low-contrasts.ts";

/** Everything that can be operated. The inputs of a group of choices are hidden; their labels are the visible controls. */
const CONTROLS =
  "button, a[href], select, summary, input:not(.choice input), .choice label, [role=region][tabindex='0']";

/** The pseudo-classes of each state, besides rest. */
const STATES = {
  enabled: {
    hover: ["hover"],
    active: ["active", "hover"],
    focus: ["focus", "focus-visible"],
    "focus and hover": ["focus", "focus-visible", "hover"],
  },
  disabled: { hover: ["hover"] },
} as const satisfies Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/**
 * Marks one visible control of each look: of those with the same element, classes, colours and parent. It runs in the
 * page, and returns the number of visible controls.
 */
function markLooks(selector: string): number {
  for (const marked of document.querySelectorAll("[data-look]")) marked.removeAttribute("data-look");
  const controls = [...document.querySelectorAll<HTMLElement>(selector)].filter((control) => control.checkVisibility());
  const looks = new Set<string>();
  for (const control of controls) {
    const { color, backgroundColor, borderTopColor } = getComputedStyle(control);
    const [id, parent] = [`${control.localName} ${control.className}`, control.parentElement?.className];
    const place = control.closest(".card, header, footer, [id]")?.className;
    const state = `${control.getAttribute("type")} ${control.ariaPressed} ${control.matches(":has(:checked)")}`;
    const look = [id, parent, place, state, color, backgroundColor, borderTopColor].join("|");
    if (!looks.has(look)) control.dataset.look = String(looks.size);
    looks.add(look);
  }
  return controls.length;
}

/** Those of the marked controls, or of all, with too little contrast: each as its name, the part and its ratio. */
async function lowOnes(page: OpenPage, selector: string, hasFocus: boolean): Promise<readonly string[]> {
  const text = await page.value<string>(`(${lowContrasts})(${JSON.stringify(selector)}, ${hasFocus})`);
  return JSON.parse(text); // an array of strings, written by lowContrasts
}

/**
 * Minimizes the window of the page until the result is disposed: the styles are computed, but no frame is drawn for each
 * change of a state. A transition would not go on meanwhile, so the page must have none.
 */
async function drawNothing({ view }: OpenPage): Promise<AsyncDisposable> {
  const { windowId } = (await view.cdp("Browser.getWindowForTarget")) as { windowId: number }; // the shape of the protocol
  const setState = (windowState: string) => view.cdp("Browser.setWindowBounds", { windowId, bounds: { windowState } });
  await setState("minimized");
  return { [Symbol.asyncDispose]: async () => void (await setState("normal")) };
}

/**
 * Measures every visible control at rest, and one of each look in every other state. Returns their number and those with
 * too little contrast.
 */
export async function measureContrast(
  page: OpenPage,
  step: keyof typeof STATES,
): Promise<{ controls: number; low: readonly string[] }> {
  const { view } = page;
  await using _ = await drawNothing(page);
  const controls = await page.value<number>(`(${markLooks})(${JSON.stringify(CONTROLS)})`);
  const low = [...(await lowOnes(page, CONTROLS, false))].map((line) => `rest: ${line}`);
  for (const domain of ["DOM", "CSS"]) await view.cdp(`${domain}.enable`);
  const { root } = (await view.cdp("DOM.getDocument")) as { root: { nodeId: number } }; // the shape of the protocol
  const selector = "[data-look], [data-look] input";
  const found = await view.cdp("DOM.querySelectorAll", { nodeId: root.nodeId, selector });
  const { nodeIds } = found as { nodeIds: readonly number[] }; // likewise
  const force = async (forcedPseudoClasses: readonly string[]) => {
    for (const nodeId of nodeIds) await view.cdp("CSS.forcePseudoState", { nodeId, forcedPseudoClasses });
  };
  for (const [state, pseudoClasses] of Object.entries(STATES[step])) {
    await force(pseudoClasses);
    const lines = await lowOnes(page, "[data-look]", state.startsWith("focus"));
    low.push(...lines.map((line) => `${state}: ${line}`));
  }
  await force([]);
  return { controls, low };
}
