import { joinRoom } from "rollcall";

const room = joinRoom<{ typing: boolean }>("/rooms/lobby");
const log = document.querySelector("#log")!;

room.on("join", ({ name }) => log.append(`${name} came. `));
room.on("leave", ({ name }) => log.append(`${name} left. `));
room.on("change", ({ name, data }, before) => {
  if (data?.typing && !before.data?.typing) log.append(`${name} is typing. `);
});
room.on("event", ({ name, data }) => log.append(`${name}: ${JSON.stringify(data)}. `));
