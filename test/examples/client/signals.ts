import { joinRoom } from "rollcall";
import { signals } from "rollcall/signals";

const room = joinRoom("/rooms/lobby", { signals });
const typing = document.querySelector("#typing")!;
let stopped: ReturnType<typeof setTimeout> | undefined;

document.querySelector("#message")!.addEventListener("input", () => room.signal("typing"));

room.on("signal", ({ from, name }) => {
  const person = room.getSnapshot().members.find(({ id }) => id === from);
  if (name !== "typing" || !person) return;
  typing.textContent = `${person.name} is typing…`;
  clearTimeout(stopped);
  stopped = setTimeout(() => (typing.textContent = ""), 3_000);
});
