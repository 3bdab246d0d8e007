import { joinRoom } from "rollcall";
import { windowOf } from "rollcall/window";

const room = joinRoom("/rooms/company", { present: false, window: windowOf({ limit: 0 }) });

const dots = [...document.querySelectorAll<HTMLElement>("[data-user]")];
room.watch(dots.map(({ dataset }) => dataset["user"]!));

room.subscribe(() => {
  const { members, watching } = room.getSnapshot();
  const statuses = new Map(members.map(({ id, status }) => [id, status]));
  for (const dot of dots) dot.className = statuses.get(dot.dataset["user"]!) ?? "offline";
  document.querySelector("#watching")!.textContent = `${watching ?? "?"} watching`;
});
