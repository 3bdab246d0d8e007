import { joinRoom } from "rollcall";

const room = joinRoom("/rooms/lobby");

room.subscribe(() => {
  const here = room.getSnapshot().members.filter(({ status }) => status !== "offline");
  const people = here.map(({ name, status }) => `${name}: ${status}`);
  document.querySelector("#people")!.textContent = people.join(", ");
});
document.querySelector("#busy")!.addEventListener("click", () => room.setStatus("busy"));
