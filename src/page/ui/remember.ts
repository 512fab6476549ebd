/** Keeps the values of a form over a reload of the page, in the storage of its tab. */

type Control = HTMLInputElement | HTMLSelectElement;

function isChoice(control: Control): control is HTMLInputElement {
  return control instanceof HTMLInputElement && (control.type === "radio" || control.type === "checkbox");
}

/** The controls by what identifies them: the name and value of a choice, the path of a field. */
function controlsOf(host: HTMLElement): ReadonlyMap<string, Control> {
  const controls = [...host.querySelectorAll<Control>("input[name], input[data-path], select[data-path]")];
  return new Map(
    controls.map((control) => [
      isChoice(control) ? `${control.name}=${control.value}` : (control.dataset.path ?? ""),
      control,
    ]),
  );
}

/** The stored values; none if there are none, or if they are not those of this form. */
function stored(key: string): ReadonlyMap<string, unknown> {
  try {
    const values: unknown = JSON.parse(sessionStorage.getItem(key) ?? "null");
    return new Map(Object.entries(values ?? {}));
  } catch {
    return new Map();
  }
}

/** Sets the controls in `host` to the values under `key`, opens the part with a changed one, and stores each change. */
export function rememberValues(host: HTMLElement, key: string): void {
  const controls = controlsOf(host);
  const values = stored(key);
  for (const [name, control] of controls) {
    const value = values.get(name);
    if (isChoice(control) && typeof value === "boolean") control.checked = value;
    else if (typeof value === "string" && value !== control.value) {
      control.value = value;
      control.closest("details")?.setAttribute("open", "");
    }
  }
  host.addEventListener("input", () => {
    const next = [...controls].map(([name, control]) => [name, isChoice(control) ? control.checked : control.value]);
    sessionStorage.setItem(key, JSON.stringify(Object.fromEntries(next)));
  });
}
