/** The computation of contrasts, which runs in the page. */

/**
 * The controls that match `selector` and have too little contrast, as the JSON text of an array of strings. The limits are
 * those of WCAG 2.2, 1.4.3 (text: 4.5) and 1.4.11 (borders of fields and focus rings: 3), also for disabled controls. The
 * function runs in the page, so that it uses nothing outside itself.
 */
export function lowContrasts(selector: string, hasFocus: boolean): string {
  type Color = readonly [red: number, green: number, blue: number, alpha: number];
  const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const parsed = new Map<string, Color>();
  const parse = (css: string): Color => {
    const known = parsed.get(css);
    if (known || !context) return known ?? [0, 0, 0, 0];
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = css;
    context.fillRect(0, 0, 1, 1);
    const [red = 0, green = 0, blue = 0, alpha = 0] = context.getImageData(0, 0, 1, 1).data;
    const color: Color = [red, green, blue, alpha / 255];
    parsed.set(css, color);
    return color;
  };
  const mix = (below: Color, above: Color, share: number): Color => {
    const at = (i: 0 | 1 | 2) => below[i] + (above[i] - below[i]) * share;
    return [at(0), at(1), at(2), 1];
  };
  const over = (above: Color, below: Color) => mix(below, above, above[3]);
  /** The background of an element, if every element were opaque. */
  const solid = (element: Element | null): Color => {
    if (!element) return parse("white");
    return over(parse(getComputedStyle(element).backgroundColor), solid(element.parentElement));
  };
  /** A colour as it is painted inside `element`; its own background for a transparent one. */
  const painted = (element: Element, css: string): Color => {
    let color = over(parse(css), solid(element));
    for (let node: Element | null = element; node; node = node.parentElement) {
      const opacity = Number(getComputedStyle(node).opacity);
      if (opacity < 1) color = mix(solid(node.parentElement), color, opacity);
    }
    return color;
  };
  const luminance = ([red, green, blue]: Color) => {
    const linear = (value: number) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    return 0.2126 * linear(red / 255) + 0.7152 * linear(green / 255) + 0.0722 * linear(blue / 255);
  };
  const ratio = (a: Color, b: Color) => {
    const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (light + 0.05) / (dark + 0.05);
  };

  const low: string[] = [];
  const checkControl = (control: HTMLElement) => {
    const style = getComputedStyle(control);
    const outside = control.parentElement ?? control;
    const check = (part: string, place: Element, css: string, least: number) => {
      const value = ratio(painted(place, css), painted(place, "transparent"));
      if (value >= least) return;
      const name = control.ariaLabel ?? (control.textContent.trim().slice(0, 30) || control.id);
      low.push(`${control.localName}.${control.className} "${name}": ${part} ${value.toFixed(2)}`);
    };
    const isField = control.matches("select, input:not([type=range], [type=checkbox], [type=radio])");
    if (isField || control.textContent.trim() !== "") check("text", control, style.color, 4.5);
    if (isField) check("border", outside, style.borderTopColor, 3);
    if (control.matches("[placeholder]")) {
      const { color, opacity } = getComputedStyle(control, "::placeholder");
      const [red, green, blue, alpha] = parse(color);
      check("placeholder", control, `rgb(${red} ${green} ${blue} / ${alpha * Number(opacity)})`, 4.5);
    }
    if (hasFocus && !control.matches(":disabled, :has(:disabled)")) {
      const hasRing = style.outlineStyle !== "none" && Number.parseFloat(style.outlineWidth) >= 2;
      check("focus ring", outside, hasRing ? style.outlineColor : "transparent", 3);
    }
  };
  for (const control of document.querySelectorAll<HTMLElement>(selector)) {
    if (control.checkVisibility()) checkControl(control);
  }
  return JSON.stringify(low);
}
