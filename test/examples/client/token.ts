import { joinRoom } from "rollcall";

const getToken = () => fetch("/api/token").then((answer) => answer.text());

export const room = joinRoom("https://presence.example.com/rooms/lobby", { getToken });
