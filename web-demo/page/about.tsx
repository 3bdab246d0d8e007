/** What Rollcall is, in a sentence. */
export const ABOUT =
  "Rollcall tells your app who is here, right now: presence on Cloudflare’s edge, behind the sign‑in you already have.";

/** Where to read on; the build puts both texts beside the page. */
export function Reading() {
  return (
    <p className="reading">
      <a href="/README.txt">README</a>
      <a href="/SPEC.txt">SPEC</a>
    </p>
  );
}
