import { Here } from "./here.tsx";
// oxlint-disable-next-line import/default -- Vite's own: the file as text
import code from "./here.tsx?raw";

/** The lines that put this page in its room, and what they show. */
export function CodeCard() {
  return (
    <section className="code" aria-labelledby="code">
      <header>
        <h2 id="code">The code of this page</h2>
        <p>Two components of it, and what the second one shows just now.</p>
      </header>
      <div className="listing">
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- to be scrolled by keyboard */}
        <pre tabIndex={0} aria-label="Source">
          <code>{code.trim()}</code>
        </pre>
        <div className="result">
          <h3>
            <code>{"<Here />"}</code>
          </h3>
          <Here />
        </div>
      </div>
    </section>
  );
}
