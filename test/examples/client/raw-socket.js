const socket = new WebSocket("/rooms/lobby?view=snapshot");

socket.onmessage = ({ data }) => {
  if (data === "pong") return;
  const frame = JSON.parse(data);
  if (frame.type === "welcome") setInterval(() => socket.send("ping"), frame.heartbeat * 1000);
  if (frame.type === "probe") {
    socket.send(frame.n ? JSON.stringify({ type: "alive", n: frame.n }) : "ping");
  }
  if (frame.type === "snapshot") console.log(frame.members);
};
