/** Whether this viewer may change the lab, shown and obeyed in one place. */
import { ask, messageOf, useToken } from "./api.ts";
import { byId, h } from "./dom.ts";

interface Rights {
  readonly mayChange: boolean;
  readonly reason?: string;
}

/** Asks the lab for this viewer's rights, and shows them: without any, everything that changes the lab is disabled. */
export async function showRights(onToken: () => void): Promise<void> {
  const rights = await ask<Rights>("GET", "/rights").catch(
    (error): Rights => ({ mayChange: false, reason: messageOf(error) }),
  );
  document.body.classList.toggle("view-only", !rights.mayChange);
  for (const control of document.querySelectorAll<HTMLFieldSetElement>("fieldset[data-changes]")) {
    control.disabled = !rights.mayChange;
  }
  const notice = byId("rights");
  notice.hidden = rights.mayChange;
  if (!rights.mayChange) notice.replaceChildren(explanation(rights.reason ?? "", onToken));
}

function explanation(reason: string, onToken: () => void): HTMLElement {
  const input = h("input", {
    type: "password",
    autocomplete: "off",
    "aria-label": "Token",
    placeholder: "token",
    size: 16,
  });
  const form = h(
    "form",
    {},
    h("span", {}, `View only: ${reason}`),
    input,
    h("button", { type: "submit" }, "Use token"),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    useToken(input.value);
    onToken();
  });
  return form;
}
