/** `ws` with care: the list to who joins, and to the others only what changed, serialised once. */
import { createServer } from "node:http";
import { type WebSocket, WebSocketServer } from "ws";
import { listen } from "./listen.ts";
import { type User, userFrom } from "./user.ts";

const server = createServer();
const wss = new WebSocketServer({ server });
const rooms = new Map<string, Map<WebSocket, User>>();

wss.on("connection", (socket, request) => {
  const query = Object.fromEntries(new URL(request.url!, "http://localhost").searchParams);
  const room = query["room"]!;
  let users = rooms.get(room);
  if (!users) rooms.set(room, (users = new Map<WebSocket, User>()));
  const tell = (message: object, except?: WebSocket) => {
    const text = JSON.stringify(message);
    for (const other of users.keys()) if (other !== except) other.send(text);
  };
  const user = userFrom(query);

  users.set(socket, user);
  socket.send(JSON.stringify({ type: "snapshot", users: [...users.values()] }));
  if (query["silent"] === undefined) tell({ type: "join", user }, socket);

  socket.on("message", (message) => {
    const frame = JSON.parse(String(message)) as { type: string; status: string };
    const { type, status, ...signal } = frame;
    if (type === "signal") return tell({ type, from: user.id, ...signal }, socket);
    user.status = status;
    tell({ type: "update", id: user.id, status });
  });
  socket.on("close", () => {
    users.delete(socket);
    tell({ type: "leave", id: user.id });
  });
  socket.on("error", () => {});
});

listen(server);
