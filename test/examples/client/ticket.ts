import { joinRoom } from "rollcall";

const getTicket = () => fetch("/api/ticket").then((answer) => answer.text());

export const room = joinRoom("https://presence.example.com/rooms/lobby", { getTicket });
