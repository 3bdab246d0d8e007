import type { CSSProperties, ReactNode } from "react";
import type { Member } from "../../src/protocol/messages.ts";
import { useMembers } from "../../src/react/index.ts";
import { shardOfUser } from "../../src/server/large/shard.ts";
import { LARGE_ROOM, type RoomFigures, type ShardFigures } from "../large.ts";
import { Avatar } from "./avatar.tsx";
import { STATUS_WORDS } from "./status-mark.tsx";

/** As many faces as a shard has in a line. */
const FACES = 6;

interface Props {
  figures: RoomFigures;
  selfId: string;
  /** Whether the figures could not be read since. */
  isOld: boolean;
}

/** The hub, and below it the shards with their people. */
export function LargeMap({ figures, selfId, isOld }: Props) {
  const here = useMembers().filter(({ status }) => status !== "offline");
  const { shards, version, epoch, online, connections, members } = figures;
  const most = Math.max(1, members, ...shards.map(({ copy }) => copy ?? 0));
  return (
    <div className="large-map" data-old={isOld}>
      <section className="hub" aria-labelledby="hub">
        <h2 id="hub">Hub</h2>
        <p>Merges what the shards report into one list. It has no socket, and stores no member.</p>
        <dl>
          <Figure name="Online" value={online} />
          <Figure name="Connections" value={connections} />
          <Figure name="Version" value={version} />
          <Figure name="Epoch" value={epoch.slice(0, 8)} />
        </dl>
      </section>
      {/* Anew for each version: something went up and down. */}
      <div className="lines" key={version} aria-hidden="true">
        <span>reports ↑</span>
        <span>↓ the list</span>
      </div>
      <ol className="shards" style={{ "--shards": Math.min(4, shards.length) } as CSSProperties}>
        {shards.map((shard) => {
          const isOf = ({ id }: { id: string }) => {
            const { of, index } = shardOfUser(id, shard.of);
            return of === shard.of && index === shard.shard;
          };
          return (
            <Shard
              key={`${shard.of}/${shard.shard}`}
              name={`${LARGE_ROOM}#${shard.of}/${shard.shard}`}
              title={`Shard ${shard.shard + 1} of ${shard.of}`}
              figures={"version" in shard ? shard : null}
              isYours={isOf({ id: selfId })}
              people={here.filter(isOf)}
              most={most}
            />
          );
        })}
      </ol>
    </div>
  );
}

function Figure({ name, value }: { name: string; value: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd key={String(value)}>{value}</dd>
    </div>
  );
}

interface ShardProps {
  name: string;
  title: string;
  /** `null` if it did not answer. */
  figures: ShardFigures | null;
  isYours: boolean;
  people: readonly Member[];
  /** What fills a bar. */
  most: number;
}

function Shard({ name, title, figures, isYours, people, most }: ShardProps) {
  return (
    <li className="shard" data-yours={isYours}>
      <header>
        <h3>{title}</h3>
        {isYours && <span className="you">yours</span>}
        <code>{name}</code>
      </header>
      <Faces people={people} />
      {figures ? (
        <dl>
          <Bar name="Keeps, in storage" value={figures.members} most={most} unit="people" />
          <Bar
            name="Knows, in memory"
            value={figures.copy}
            most={most}
            unit={figures.copy === null ? "no copy" : "people"}
          />
          <Figure name="Sockets" value={figures.sockets} />
          <Figure name="Its own version" value={figures.version} />
        </dl>
      ) : (
        <p className="silent">It did not answer within 2 seconds.</p>
      )}
    </li>
  );
}

interface BarProps {
  name: string;
  value: number | null;
  most: number;
  unit: string;
}

function Bar({ name, value, most, unit }: BarProps) {
  return (
    <div className="bar-figure">
      <dt>{name}</dt>
      <dd key={String(value)}>
        {value === null ? unit : `${value} ${value === 1 ? "person" : unit}`}
      </dd>
      <dd
        className="bar"
        style={{ "--part": `${(100 * (value ?? 0)) / most}%` } as CSSProperties}
        aria-hidden="true"
      />
    </div>
  );
}

function Faces({ people }: { people: readonly Member[] }) {
  const shown = people.length > FACES ? FACES - 1 : FACES;
  const more = people.length - shown;
  return (
    <ul className="faces" aria-label="Its people">
      {people.slice(0, shown).map((member) => (
        <li key={member.id} title={member.name}>
          <Avatar member={member} />
          <span className="for-readers">
            {member.name}, {STATUS_WORDS[member.status]}
          </span>
        </li>
      ))}
      {more > 0 && <li className="more">+{more}</li>}
      {people.length === 0 && <li className="nobody">Nobody yet</li>}
    </ul>
  );
}
