/** Helpers that create and change elements. */

type Child = Node | string | undefined;
type Listener<E extends Event> = (event: E) => void;

/** Attributes of an element: undefined and false omit one, true sets it to the empty string. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** Creates an element with attributes and children. */
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

/** The element with that id. Throws where index.html has none. */
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

/** A fieldset that is disabled while the viewer may not change the lab (see rights.ts). */
export function changing(...children: readonly Child[]): HTMLFieldSetElement {
  const disabled = document.body.classList.contains("view-only");
  return h("fieldset", { class: "bare", "data-changes": true, disabled }, ...children);
}

/** Returns `make`, which is called once for each key and gives the same value again. */
export function createOnce<Key, Value>(make: (key: Key) => Value): (key: Key) => Value {
  const made = new Map<Key, Value>();
  return (key) => {
    const value = made.get(key) ?? make(key);
    made.set(key, value);
    return value;
  };
}

/** A text that begins with a capital letter. */
export function capitalized(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

/** Sets the text if it differs, which avoids a new layout. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Writes `rows` into a table body cell by cell and keeps its row elements; `makeRow` creates a missing one. */
export function writeRows(
  body: HTMLTableSectionElement,
  rows: readonly (readonly string[])[],
  makeRow: () => HTMLTableRowElement,
): void {
  while (body.rows.length > rows.length) body.deleteRow(-1);
  while (body.rows.length < rows.length) body.append(makeRow());
  rows.forEach((row, y) => {
    row.forEach((text, x) => {
      const cell = body.rows[y]?.cells[x];
      if (cell) setText(cell, text);
    });
  });
}

/** A button that copies the text from `read` and shows the result on itself. */
export function copyButton(read: () => string, label: string): HTMLButtonElement {
  const element = button(
    "Copy",
    async () => {
      const done = await navigator.clipboard.writeText(read()).then(
        () => true,
        () => false, // browsers allow it on a secure origin only
      );
      element.textContent = done ? "Copied" : "Select and copy";
      setTimeout(() => setText(element, "Copy"), 1500);
    },
    { class: "quiet", "aria-label": label },
  );
  return element;
}
