/** A form for faults as text: a line to read, edit and copy. */
import { copyButton, h } from "../ui/dom.ts";

/** The form. `apply` receives the submitted text; an empty one means no faults. */
export function createTextForm(label: string, apply: (text: string) => void) {
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
    apply(input.value || "none");
  });
  return { form, input };
}
