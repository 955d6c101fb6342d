/** Who else is here: round marks in the top bar, and a list with what each of them does. */
import { useRef } from "preact/hooks";
import type { Person } from "../../store/presence";
import * as texts from "../../texts";
import type { EditorActions } from "./actions";
import { Button, Check, Icon } from "./parts";
import { colourOf, doingOf, initialsOf, inkOn } from "./people";

const MOST_MARKS = 4;
const PEOPLE =
  "M7.5 9a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6zM2 16.5c.4-3.3 2.6-5 5.5-5s5.1 1.7 5.5 5M13 8.8a2.5 2.5 0 0 0 0-5M14.8 11.8c1.9.6 3 2.2 3.2 4.7";

export function People({ actions, project }: { actions: EditorActions; project: string }) {
  const people = actions.people.people.value;
  const hidden = people.length - MOST_MARKS;
  return (
    <section
      class={people.length > 0 ? "people" : "people is-empty"}
      aria-label={texts.people.here}
    >
      {people.slice(0, MOST_MARKS).map((person) => (
        <Mark key={person.user} actions={actions} person={person} />
      ))}
      {hidden > 0 && <span class="mark-more">+{hidden}</span>}
      <PeopleList actions={actions} project={project} />
    </section>
  );
}

/** A person's letters in their colour; a click goes to where they are. */
function Mark({ actions, person }: { actions: EditorActions; person: Person }) {
  const desk = actions.people;
  const colour = colourOf(person.user);
  const isFollowed = desk.followed.value === person.user;
  const doing = `${person.name}: ${doingOf(person, actions.model.stackSize.value)}`;
  return (
    <button
      type="button"
      class={person.isPainting ? "mark is-painting" : "mark"}
      style={{ backgroundColor: colour, color: inkOn(colour) }}
      title={texts.people.clickToFollow(doing)}
      aria-label={texts.people.followDoing(doing)}
      aria-pressed={isFollowed}
      onClick={() => (isFollowed ? desk.stopFollowing() : desk.follow(person))}
    >
      {initialsOf(person.name)}
    </button>
  );
}

function PeopleList({ actions, project }: { actions: EditorActions; project: string }) {
  const desk = actions.people;
  const people = desk.people.value;
  const list = useRef<HTMLDetailsElement>(null);
  const close = () => {
    if (list.current) list.current.open = false;
  };
  return (
    <details
      ref={list}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !list.current?.open) return;
        event.stopPropagation();
        close();
        list.current.querySelector("summary")?.focus();
      }}
      onFocusOut={(event) => {
        const to = event.relatedTarget;
        if (to instanceof Node && !list.current?.contains(to)) close();
      }}
    >
      <summary class="button button-quiet" title={titleOf(people)} aria-label={titleOf(people)}>
        <Icon path={PEOPLE} />
        <span class="people-count">{people.length > 0 && people.length}</span>
      </summary>
      <div class="people-list">
        {people.length === 0 && (
          <p class="hint">
            {texts.people.nobody} <a href={`${project}people/`}>{texts.people.ofProject}</a>
          </p>
        )}
        <ul>
          {people.map((person) => (
            <Row key={person.user} actions={actions} person={person} onDone={close} />
          ))}
        </ul>
        <Check
          isOn={desk.isShown.value}
          onChange={(isOn) => {
            desk.isShown.value = isOn;
          }}
        >
          {texts.people.showOthers}
        </Check>
        <Check isOn={desk.isTold.value} onChange={(isOn) => desk.tell(isOn)}>
          {texts.people.tellOthers}
        </Check>
      </div>
    </details>
  );
}

function titleOf(people: readonly Person[]): string {
  if (people.length === 0) return texts.people.nobodyHere;
  return texts.people.othersHere(people.map((one) => one.name));
}

function Row(props: {
  readonly actions: EditorActions;
  readonly person: Person;
  readonly onDone: () => void;
}) {
  const { actions, person } = props;
  const desk = actions.people;
  const isFollowed = desk.followed.value === person.user;
  return (
    <li>
      <span class="swatch" style={{ backgroundColor: colourOf(person.user) }} />
      <span class="person">
        <strong>{person.name}</strong>
        <span class="hint">{doingOf(person, actions.model.stackSize.value)}</span>
      </span>
      <Button
        label={
          isFollowed ? texts.people.stopFollowing(person.name) : texts.people.follow(person.name)
        }
        onClick={() => {
          if (isFollowed) desk.stopFollowing();
          else desk.follow(person);
          props.onDone();
        }}
      >
        <span>{isFollowed ? texts.people.stop : texts.people.followShort}</span>
      </Button>
    </li>
  );
}

/** Over the image while somebody is followed. */
export function FollowNote({ actions }: { actions: EditorActions }) {
  const desk = actions.people;
  const person = desk.people.value.find((one) => one.user === desk.followed.value);
  if (!person) return null;
  const colour = colourOf(person.user);
  return (
    <div class="follow" style={{ borderColor: colour }}>
      <span style={{ backgroundColor: colour, color: inkOn(colour) }}>
        {texts.people.youFollow(person.name)}
        <button type="button" class="button" onClick={() => desk.stopFollowing()}>
          {texts.people.stop}
        </button>
      </span>
    </div>
  );
}
