/** Faults as text: a line to read, to write and to copy. */
import { copyButton, h } from "../ui/dom.ts";

/** A line of text with its buttons; `apply` gets what was typed when it is meant. */
export function textForm(label: string, apply: (text: string) => void) {
  const input = h("input", {
    type: "text",
    spellcheck: "false",
    autocomplete: "off",
    autocapitalize: "off",
    "aria-label": label,
  });
  const form = h(
    "form",
    { class: "text-form" },
    input,
    h("button", { type: "submit", class: "quiet" }, "Apply"),
    copyButton(() => input.value, `Copy: ${label}`),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    apply(input.value);
  });
  return { form, input };
}
