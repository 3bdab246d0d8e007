/**
 * Colours follow the page's own `color-scheme`; each status also has its own shape. The margins let a
 * wrapped line begin where the first one does, also with overlapping faces. If a browser cannot place
 * the list of the others beside their number, it is in the middle of the window.
 */
const CSS = `
:host {
  display: inline-block;
  vertical-align: middle;
  font-size: var(--rollcall-size, 2.25rem);
  --ground: var(--rollcall-ground, Canvas);
  --gap: var(--rollcall-gap, .2em);
}
ul {
  margin: 0;
  padding: 0;
  list-style: none;
}
.list {
  isolation: isolate;
  display: flex;
  flex-wrap: wrap;
  row-gap: .2em;
  margin-inline-start: calc(-1 * var(--gap));
  min-height: 1em;
}
.list > li { margin-inline-start: var(--gap) }
:host(:state(reconnecting)) .list { opacity: .6 }
:host([hidden]), [hidden] { display: none !important }
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
  border: 0;
  border-radius: 2em;
  font-family: inherit;
  cursor: pointer;
  direction: ltr;
  background: light-dark(#e6e9f1, #2b3141);
  color: inherit;
}
.others {
  max-width: 20rem;
  max-height: 60vh;
  padding: .5rem;
  overflow: auto;
  border: 1px solid #8885;
  border-radius: .5rem;
  background: var(--ground);
  color: inherit;
  box-shadow: 0 .5rem 1.5rem #0003;
  font-size: 1.75rem;
}
.others li {
  display: flex;
  align-items: center;
  gap: .3em;
  padding: .2em .3em;
}
.others .face { flex: none }
.name { font-size: 1rem; overflow-wrap: anywhere }
@supports (position-area: block-end) {
  .others {
    inset: auto;
    margin: .2em 0;
    position-area: block-end span-inline-end;
    position-try-fallbacks: flip-inline, flip-block;
  }
}
.dot {
  position: absolute;
  z-index: 1;
  inset-inline-end: -6%;
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
  .list { transition: opacity .3s .6s }
  .list > li { transition: opacity .25s, scale .25s }
  @starting-style { .list > li { opacity: 0; scale: .6 } }
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
