/** The little that the page needs to build its parts. */

type Child = Node | string | undefined;
type Listener<E extends Event> = (event: E) => void;

/** Attributes of an element; undefined leaves one out, true sets it empty. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** Makes an element with attributes and children. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

/** The element with that id; a page without it is a mistake in index.html, and throws. */
export function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (!element) throw new Error(`index.html has no #${id}`);
  return element;
}

/** A button with its action. */
export function button(label: string, onClick: Listener<MouseEvent>, attributes: Attributes = {}): HTMLButtonElement {
  const element = h("button", { type: "button", ...attributes }, label);
  element.addEventListener("click", onClick);
  return element;
}

/** Sets a text only where it is another, so that nothing is laid out in vain. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Copies `text`, and says on the button whether that went well. */
export function copyButton(read: () => string, label: string): HTMLButtonElement {
  const element = button(
    "Copy",
    async () => {
      const done = await navigator.clipboard.writeText(read()).then(
        () => true,
        () => false, // a browser allows it only on a secure origin
      );
      element.textContent = done ? "Copied" : "Select and copy";
      setTimeout(() => setText(element, "Copy"), 1500);
    },
    { class: "quiet", "aria-label": label },
  );
  return element;
}
