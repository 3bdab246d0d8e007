/** Colours follow the page's own `color-scheme`, and each status also has its own shape. */
const CSS = `
:host { display: inline-block; font-size: var(--rollcall-size, .65em); vertical-align: baseline }
:host([hidden]) { display: none }
:host(:state(reconnecting)) .dot { opacity: .5 }
.dot {
  display: block;
  width: 1em;
  height: 1em;
  box-sizing: border-box;
  border-radius: 50%;
  forced-color-adjust: none;
  visibility: hidden;
}
.online {
  visibility: visible;
  background: var(--rollcall-online, light-dark(#0b7d55, #3ddc97));
}
.away {
  visibility: visible;
  background: var(--rollcall-away, light-dark(#9c5600, #f5b44c));
  mask: radial-gradient(circle at 82% 22%, #0000 43%, #000 46%);
}
.busy {
  visibility: visible;
  background: var(--rollcall-busy, light-dark(#c62f4b, #ff7d90));
  mask: linear-gradient(#000 0 0) center / 60% 22% no-repeat exclude, linear-gradient(#000 0 0);
}
.offline {
  visibility: visible;
  border: max(1.5px, .17em) solid var(--rollcall-offline, light-dark(#6b7280, #9aa3b5));
}
@media (prefers-reduced-motion: no-preference) {
  .dot { transition: opacity .3s .6s }
}
`;

let sheet: CSSStyleSheet | undefined;

/** One sheet shared by all dots of the page; no Content-Security-Policy forbids it. */
export function sharedStyles(): CSSStyleSheet {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS);
  }
  return sheet;
}
