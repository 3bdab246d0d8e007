/**
 * A pointer's place is in `--x` and `--y`, from 0 to 1. The name is below it to the right; it moves to
 * the left in the right half, and above it near the bottom, so that it stays within the element.
 */
const CSS = `
:host { display: block; position: relative }
:host([hidden]) { display: none }
.layer {
  position: absolute;
  inset: 0;
  z-index: var(--rollcall-layer, 1);
  overflow: clip;
  container-type: size;
  pointer-events: none;
  direction: ltr;
}
.cursor {
  position: absolute;
  top: 0;
  left: 0;
  color: var(--color);
  font: 600 var(--rollcall-size, .75rem) / 1.4 system-ui, sans-serif;
  translate: calc(var(--x) * 100cqw) calc(var(--y) * 100cqh);
  forced-color-adjust: none;
}
svg {
  position: absolute;
  top: -.1em;
  left: -.1em;
  width: 1.5em;
  height: 1.5em;
  overflow: visible;
  fill: currentColor;
  stroke: light-dark(#fff, #14161c);
  stroke-width: 1.5;
  stroke-linejoin: round;
}
.name {
  position: absolute;
  top: 1.6em;
  left: 1em;
  max-width: 12em;
  padding: .1em .6em;
  box-sizing: border-box;
  border-radius: .3em 1em 1em 1em;
  background: currentColor;
  translate:
    calc(clamp(0, var(--x) * 2 - 1, 1) * (-100% - 1em))
    calc(clamp(0, var(--y) * 1000 - 850, 1) * (-100% - 1.8em));
}
.name span {
  display: block;
  overflow: hidden;
  color: light-dark(#fff, #14161c);
  white-space: nowrap;
  text-overflow: ellipsis;
}
@media (prefers-reduced-motion: no-preference) {
  .cursor { transition: translate .1s linear, opacity .2s }
  .name { transition: translate .1s linear }
  @starting-style { .cursor { opacity: 0 } }
}
`;

let sheet: CSSStyleSheet | undefined;

/** One sheet shared by all elements of the page; no Content-Security-Policy forbids it. */
export function sharedStyles(): CSSStyleSheet {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS);
  }
  return sheet;
}
