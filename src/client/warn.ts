/** Which setting to look at, by a code of the SPEC's or what else went wrong. */
const HINTS: Partial<Record<string, string>> = {
  unauthenticated: "Check SESSION_COOKIE, the cookie's Domain and SameSite, or pass getToken.",
  session_invalid: "Check SESSION_FORMAT, SESSION_SECRET, TICKET_SECRET.",
  getTicket: "Is TICKET_SECRET set?",
  inBand: "Is IN_BAND_AUTH true?",
  scheme: "An https: page needs an https: room.",
};

const said = new Set<string>();

/** Tells a developer what only they can mend; once, and in production too, where cookies fail. */
export function warn(text: string, about = ""): void {
  if (said.has(text)) return;
  said.add(text);
  console.warn(`Rollcall: ${text} ${HINTS[about] ?? ""}`);
}
