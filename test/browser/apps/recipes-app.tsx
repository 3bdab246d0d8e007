import { createRoot } from "react-dom/client";
import { App as Dots } from "../../examples/react/dots.tsx";
import { DocumentPage } from "../../examples/react/document.tsx";
import { App as Event } from "../../examples/react/event.tsx";
import { App as LastOnline } from "../../examples/react/last-online.tsx";
import { App as Typing } from "../../examples/react/typing.tsx";

createRoot(document.querySelector("#react")!).render(
  <>
    <Dots />
    <LastOnline />
    <DocumentPage id="42" />
    <Typing />
    <Event />
  </>,
);
