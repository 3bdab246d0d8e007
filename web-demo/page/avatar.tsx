import { type CSSProperties, useState } from "react";
import type { Member, Status } from "../../src/protocol/messages.ts";
import { hueOf } from "../../src/element/hue.ts";
import { initialsOf } from "../../src/element/initials.ts";
import { StatusMark } from "./status-mark.tsx";

/** Without a status there is no mark. */
type Shown = Pick<Member, "id" | "name" | "image"> & { status?: Status };

/** A person's picture, or their initials if there is none or it does not load. */
export function Avatar({ member }: { member: Shown }) {
  const [broken, setBroken] = useState<string>();
  const { id, name, image, status } = member;
  return (
    <span
      className="avatar"
      data-status={status}
      style={{ "--hue": hueOf(id) } as CSSProperties}
      aria-hidden="true"
    >
      {image && image !== broken ? (
        <img src={image} alt="" referrerPolicy="no-referrer" onError={() => setBroken(image)} />
      ) : (
        <span className="initials">{initialsOf(name) || "?"}</span>
      )}
      {status && <StatusMark status={status} />}
    </span>
  );
}
