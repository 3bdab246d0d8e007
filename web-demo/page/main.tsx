import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { loadAccount } from "./account-store.ts";
import { App } from "./app.tsx";

void loadAccount();

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
