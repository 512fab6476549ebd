/** The slider that moves the common cursor to a past second. */
import { moveCursor, onCursor } from "../ui/cursor.ts";
import { h, setText } from "../ui/dom.ts";
import { ago } from "../ui/time.ts";

/** The slider. `setLength` sets the number of seconds in the history. */
export function createLookBack(): { readonly element: HTMLElement; setLength(length: number): void } {
  const slider = h("input", { type: "range", id: "look-back", min: -900, max: 0, step: 1, value: 0 });
  const output = h("output", { for: slider.id }, "now");
  let last = 0;
  slider.addEventListener("input", () => {
    const offset = Number(slider.value);
    moveCursor(offset === 0 ? undefined : Math.max(0, last + offset));
  });
  onCursor((index) => {
    const offset = index === undefined ? 0 : Math.min(0, index - last);
    slider.value = String(offset);
    setText(output, offset === 0 ? "now" : ago(-offset));
  });
  return {
    element: h("div", { class: "look-back" }, h("label", { for: slider.id }, "Look back"), slider, output),
    setLength(length) {
      last = length - 1;
      slider.min = String(-Math.max(1, last));
    },
  };
}
