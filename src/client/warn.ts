/** What to check, by a code of the SPEC or another cause. */
const CHECK: Partial<Record<string, string>> = {
  unauthenticated: "SESSION_COOKIE, Domain, SameSite",
  session_invalid: "SESSION_FORMAT, SESSION_SECRET, TICKET_SECRET",
  origin_forbidden: "ALLOWED_ORIGINS",
  not_found: "the path",
  getTicket: "TICKET_SECRET",
  token: "IN_BAND_AUTH",
  socket: "https:",
};

const said = new Set<string>();

/**
 * Warns a developer of a fault that only they can fix: once, and in production too, where cookies
 * fail.
 */
export function warn(text: string, about: string): void {
  if (said.has(text)) return;
  said.add(text);
  const check = CHECK[about];
  console.warn(`Rollcall: ${text}${check ? ` Check ${check}.` : ""}`);
}
