/** A placeholder for the people. */
export function Waiting() {
  return (
    <div className="waiting">
      <output className="for-readers">Joining the room…</output>
      {[0, 1, 2].map((row) => (
        <div key={row} className="person" aria-hidden="true">
          <span className="avatar" />
          <span className="bar" />
        </div>
      ))}
    </div>
  );
}
