import { RoomProvider, useMembers, useSelf } from "rollcall/react";

function Faces() {
  const self = useSelf();
  const others = useMembers().filter(({ id, status }) => id !== self?.id && status !== "offline");
  return (
    <ul aria-label="Also here">
      {others.map(({ id, name, image }) => (
        <li key={id}>{image ? <img src={image} alt={name} width="32" height="32" /> : name}</li>
      ))}
    </ul>
  );
}

export const DocumentPage = ({ id }: { id: string }) => (
  <RoomProvider url={`/rooms/doc:${id}`}>
    <Faces />
    <textarea aria-label="The document" />
  </RoomProvider>
);
