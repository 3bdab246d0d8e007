import type { ReactNode } from "react";
import { Wordmark } from "./wordmark.tsx";

/** A page with a single topic. */
export function Card({ title, children }: { title: ReactNode; children: ReactNode }) {
  return (
    <main className="alone">
      <div className="card">
        <Wordmark />
        <h1>{title}</h1>
        {children}
      </div>
    </main>
  );
}
