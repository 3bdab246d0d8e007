/** The recipe that answers "how do I show who is online": a map of users, sent whole to all. */
import { createServer } from "node:http";
import { Server } from "socket.io";
import { listen } from "./listen.ts";
import { type User, userFrom } from "./user.ts";

const server = createServer();
const io = new Server(server);
const rooms = new Map<string, Map<string, User>>();

io.on("connection", (socket) => {
  const { query } = socket.handshake;
  const room = String(query["room"]);
  let users = rooms.get(room);
  if (!users) rooms.set(room, (users = new Map<string, User>()));
  const emitUsers = () => io.to(room).emit("users", [...users.values()]);
  const user = userFrom(query);

  void socket.join(room);
  users.set(user.id, user);
  if (query["silent"] === undefined) emitUsers();

  socket.on("status", (status: string) => {
    user.status = status;
    emitUsers();
  });
  socket.on("disconnect", () => {
    users.delete(user.id);
    emitUsers();
  });
});

listen(server);
