/** The list of the latest fault changes, which explains the markers on the time axis. */
import { h } from "../ui/dom.ts";
import { labelOf } from "../ui/protocols.ts";
import type { PlacedMark } from "../ui/series.ts";
import { clockTime } from "../ui/time.ts";

const MAX_CHANGES = 6;

/** The list. `show` expects every fault change in the history, the oldest first. */
export function createChanges(): { readonly element: HTMLElement; show(marks: readonly PlacedMark[]): void } {
  const element = h("ol", { class: "changes" });
  let shown = "";
  return {
    element,
    show(marks) {
      const key = marks.map((mark) => `${mark.protocol}${mark.seconds}`).join();
      element.hidden = marks.length === 0;
      if (key === shown) return;
      shown = key;
      element.replaceChildren(...marks.slice(-MAX_CHANGES).reverse().map(item));
    },
  };
}

function item({ at, protocol, text }: PlacedMark): HTMLElement {
  const [shape, title] = labelOf(protocol);
  return h(
    "li",
    { "data-protocol": protocol },
    h("time", {}, clockTime(at * 1000)),
    shape,
    ` ${title} `,
    h("code", {}, text),
  );
}
