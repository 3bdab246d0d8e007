/** Colours follow the page's own `color-scheme`; each status has a shape of its own as well. */
const CSS = `
:host {
  display: inline-block;
  vertical-align: middle;
  font-size: var(--rollcall-size, 2.25rem);
  --ground: var(--rollcall-ground, Canvas);
}
:host([hidden]) { display: none }
ul {
  display: flex;
  flex-wrap: wrap;
  row-gap: .2em;
  margin: 0;
  padding: 0;
  min-height: 1em;
  list-style: none;
  transition: opacity .3s .6s;
}
:host(:state(reconnecting)) ul { opacity: .6 }
li + li { margin-inline-start: var(--rollcall-gap, .2em) }
[hidden] { display: none !important }
.face {
  position: relative;
  display: block;
  width: 1em;
  height: 1em;
  line-height: 1em;
  forced-color-adjust: none;
}
.initials, img {
  position: absolute;
  inset: 0;
  width: 100%;
  height: 100%;
  border-radius: var(--rollcall-radius, 50%);
  overflow: hidden;
  object-fit: cover;
}
.initials {
  background: light-dark(oklch(89% .06 var(--hue)), oklch(35% .07 var(--hue)));
  color: light-dark(oklch(38% .1 var(--hue)), oklch(90% .05 var(--hue)));
}
.initials span, .more {
  display: block;
  font-size: .36em;
  font-weight: 600;
  line-height: 2.778em;
  text-align: center;
  white-space: nowrap;
}
.more {
  min-width: 2.778em;
  padding: 0 .3em;
  box-sizing: border-box;
  border-radius: 2em;
  background: light-dark(#e6e9f1, #2b3141);
  color: light-dark(#3f465e, #c6ccde);
  font-variant-numeric: tabular-nums;
}
.dot {
  position: absolute;
  right: -6%;
  bottom: -6%;
  width: 32%;
  height: 32%;
  border: max(2px, .055em) solid var(--ground);
  border-radius: 50%;
  background: var(--ground);
}
.dot::after {
  content: "";
  position: absolute;
  inset: 0;
  border-radius: 50%;
  background: var(--rollcall-online, light-dark(#0b7d55, #3ddc97));
}
.dot.away::after {
  background: var(--rollcall-away, light-dark(#9c5600, #f5b44c));
  mask: radial-gradient(circle at 82% 22%, #0000 43%, #000 46%);
}
.dot.busy::after {
  background:
    linear-gradient(var(--ground) 0 0) center / 60% 22% no-repeat,
    var(--rollcall-busy, light-dark(#c62f4b, #ff7d90));
}
@media (prefers-reduced-motion: no-preference) {
  li { transition: opacity .25s, scale .25s }
  @starting-style { li { opacity: 0; scale: .6 } }
}
@media (prefers-reduced-motion: reduce) {
  ul { transition: none }
}
`;

let sheet: CSSStyleSheet | undefined;

/** The one sheet that all elements of the page share, which no Content-Security-Policy forbids. */
export function sharedStyles(): CSSStyleSheet {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS);
  }
  return sheet;
}
