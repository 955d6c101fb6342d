/** Places of this image that a person, or somebody who shares them, wants to find again. */
import { useState } from "preact/hooks";
import type { BookmarkJson } from "../../api/views";
import * as texts from "../../texts";
import { count } from "../../texts/numbers";
import type { EditorActions } from "./actions";
import { Button, Check, ICONS, Section } from "./parts";

export function BookmarkPanel({ actions }: { actions: EditorActions }) {
  const { model, viewing } = actions;
  const bookmarks = model.bookmarks.value;
  return (
    <Section
      title={texts.places.bookmarks.title}
      aside={bookmarks?.length ? count(bookmarks.length) : undefined}
    >
      {bookmarks === undefined ? (
        <p class="empty">
          {texts.places.bookmarks.couldNotBeRead}{" "}
          <button
            type="button"
            class="button button-quiet"
            onClick={() => viewing.bookmarks.load().catch(() => undefined)}
          >
            {texts.common.tryAgain}
          </button>
        </p>
      ) : (
        <List actions={actions} bookmarks={bookmarks} />
      )}
      <div class="row">
        <Button
          label={texts.places.bookmarks.add}
          keyFor="bookmark"
          icon={ICONS.add}
          onClick={() => void viewing.bookmarks.add()}
        >
          <span>{texts.places.bookmarks.add}</span>
        </Button>
        <Button
          label={texts.places.bookmarks.copyLinkTo}
          onClick={() => void viewing.places.copyLink()}
        >
          <span>{texts.places.bookmarks.copyLink}</span>
        </Button>
      </div>
    </Section>
  );
}

function List(props: { actions: EditorActions; bookmarks: readonly BookmarkJson[] }) {
  const { actions, bookmarks } = props;
  if (bookmarks.length === 0) {
    return <p class="empty">{texts.places.bookmarks.none}</p>;
  }
  return (
    <ul class="bookmarks">
      {bookmarks.map((one) => (
        <Item key={one.id} actions={actions} bookmark={one} />
      ))}
    </ul>
  );
}

function Item({ actions, bookmark }: { actions: EditorActions; bookmark: BookmarkJson }) {
  const { bookmarks } = actions.viewing;
  const [isEditing, setEditing] = useState(false);
  return (
    <li>
      <div class="bookmark-row">
        <button
          type="button"
          class="button button-quiet bookmark-name"
          title={texts.places.bookmarks.goTo(bookmark.name)}
          onClick={() => bookmarks.go(bookmark)}
        >
          {bookmark.name}
        </button>
        {bookmark.is_mine ? (
          <Button
            label={texts.places.bookmarks.change(bookmark.name)}
            icon={ICONS.pencil}
            kind="quiet"
            isPressed={isEditing}
            onClick={() => setEditing(!isEditing)}
          />
        ) : (
          <span class="hint">{bookmark.made_by}</span>
        )}
      </div>
      {isEditing && (
        <Editing actions={actions} bookmark={bookmark} close={() => setEditing(false)} />
      )}
    </li>
  );
}

function Editing(props: { actions: EditorActions; bookmark: BookmarkJson; close: () => void }) {
  const { bookmark, close } = props;
  const { bookmarks } = props.actions.viewing;
  const [name, setName] = useState(bookmark.name);
  return (
    <form
      class="bookmark-form"
      onSubmit={(event) => {
        event.preventDefault();
        void bookmarks.change(bookmark.id, { name });
        close();
      }}
    >
      <input
        type="text"
        value={name}
        maxLength={100}
        aria-label={texts.places.bookmarks.nameOf(bookmark.name)}
        onInput={(event) => setName(event.currentTarget.value)}
      />
      <Check
        isOn={bookmark.is_shared ?? false}
        onChange={(isOn) => {
          void bookmarks.change(bookmark.id, { is_shared: isOn });
        }}
      >
        {texts.places.bookmarks.isShared}
      </Check>
      <div class="row">
        <button type="submit" class="button">
          {texts.places.bookmarks.rename}
        </button>
        <Button
          label={texts.places.bookmarks.remove(bookmark.name)}
          kind="danger"
          onClick={() => void bookmarks.remove(bookmark)}
        >
          <span>{texts.common.remove}</span>
        </Button>
      </div>
    </form>
  );
}
