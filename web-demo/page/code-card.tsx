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
        <section className="source" aria-label="Source">
          <pre>
            <code>
              {code
                .trim()
                .split("\n")
                .map((line, index) => (
                  // oxlint-disable-next-line react/no-array-index-key -- the lines never change
                  <span key={index}>{line}</span>
                ))}
            </code>
          </pre>
        </section>
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- to be scrolled by keyboard */}
        <section className="result" aria-labelledby="here" tabIndex={0}>
          <h3 id="here">
            <code>{"<Here />"}</code>
          </h3>
          <Here />
        </section>
      </div>
    </section>
  );
}
