/** The script and the style sheet that the lab adds to the page of the API description. */

/**
 * Loads swagger-ui into the page, in the colour scheme of the system, and repairs what a screen reader or the keyboard
 * cannot use in it: content outside of landmarks, levels of headings, links inside of buttons, fields without a name.
 */
export const START_SCRIPT = `
const dark = matchMedia("(prefers-color-scheme: dark)");
const applyScheme = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", applyScheme);
applyScheme();
document.documentElement.lang = "en";
const icon = document.createElement("link");
icon.rel = "icon";
icon.href = "data:,";
document.head.append(icon);

for (const href of ["/swagger/swagger-ui.css", "/swagger/start.css"]) {
  const style = document.createElement("link");
  style.rel = "stylesheet";
  style.href = href;
  document.head.append(style);
}

/** Attributes of the elements that match a selector; null removes one. */
const REPAIRS = [
  [".information-container", { role: "banner" }],
  [".scheme-container", { role: "region", "aria-label": "Authorization" }],
  ["h3, .models h4", { "aria-level": "2" }],
  [".opblock h4", { "aria-level": "3" }],
  [".opblock h5", { "aria-level": "4" }],
  [".responses-table", { role: null }],
  [".body-param__text", { "aria-label": "Request body" }],
  ["#servers", { "aria-label": "Server" }],
  [".microlight", { tabindex: "0" }],
];
const place = document.body.appendChild(document.createElement("div"));
const set = (element, name, value) => {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
};
const repair = () => {
  for (const [selector, attributes] of REPAIRS) {
    for (const element of place.querySelectorAll(selector)) {
      for (const [name, value] of Object.entries(attributes)) set(element, name, value);
    }
  }
};
new MutationObserver(repair).observe(place, { childList: true, subtree: true });

const plainLinks = ({ React }) => ({
  components: { DeepLink: ({ text }) => React.createElement("span", null, text) },
});
const bundle = document.createElement("script");
bundle.src = "/swagger/swagger-ui-bundle.js";
bundle.onload = () =>
  SwaggerUIBundle({
    url: "/swagger/json",
    domNode: place,
    deepLinking: true,
    validatorUrl: null,
    plugins: [plainLinks],
  });
document.head.append(bundle);
`;

/** Colours with enough contrast in place of those of swagger-ui. */
export const START_STYLE = `
:root { color-scheme: light; --get: #1a63b5; --post: #14734a; --put: #8f5200; --delete: #bf2626; }
:root.dark-mode { color-scheme: dark; }
body { margin: 0; background: #fff; }
.dark-mode body { background: #1c2022; }
.swagger-ui :focus-visible { outline: 2px solid light-dark(#0a5fa5, #6cb6f5) !important; outline-offset: 2px; }

.swagger-ui .opblock.opblock-get .opblock-summary-method { background: var(--get); color: #fff; }
.swagger-ui .opblock.opblock-post .opblock-summary-method { background: var(--post); color: #fff; }
.swagger-ui .opblock.opblock-put .opblock-summary-method { background: var(--put); color: #fff; }
.swagger-ui .opblock.opblock-delete .opblock-summary-method { background: var(--delete); color: #fff; }
.swagger-ui .btn.execute { border-color: var(--get); background: var(--get); color: #fff; }
.swagger-ui .info .title small { background: #5c636f; }
.swagger-ui .info .title small.version-stamp { background: #456500; }
.swagger-ui .parameter__name.required::after { color: light-dark(#bf2626, #ffb3b3) !important; }
.swagger-ui .microlight span[style*="211, 99, 99"] { color: #ff9d9d !important; }

:root:not(.dark-mode) .swagger-ui .info :is(.link, .url) { color: var(--get); }
:root:not(.dark-mode) .swagger-ui .copy-to-clipboard :focus-visible { outline-color: #fff !important; }
:root:not(.dark-mode) .swagger-ui :is(input, select, textarea) { border: 1px solid #838b91; color: #3b4151; }
:root:not(.dark-mode) .swagger-ui ::placeholder { color: #5a6070; opacity: 1; }
:root:not(.dark-mode) .swagger-ui .btn.authorize { border-color: var(--post); color: var(--post); }
:root:not(.dark-mode) .swagger-ui .btn.authorize svg { fill: var(--post); }
:root:not(.dark-mode) .swagger-ui .btn.cancel { border-color: var(--delete); color: var(--delete); }
:root:not(.dark-mode) .swagger-ui .parameter__in { color: #5a6070; }

html.dark-mode .swagger-ui .opblock.opblock-put .opblock-section-header { background: #54341f; }
html.dark-mode .swagger-ui .try-out .btn.try-out__btn.cancel { border-color: #ffb3b3; background: transparent; color: #ffb3b3; }
html.dark-mode .swagger-ui section.models .models-control { color: #e4e6e6; }
.dark-mode .swagger-ui table.headers td { color: #e4e6e6; }

@media (prefers-reduced-motion: reduce) { .swagger-ui * { transition: none !important; animation: none !important; } }
@media (max-width: 640px) { .swagger-ui .response-col_links { display: none; } }
`;
