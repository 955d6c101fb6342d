/** Places of this image that a person, or somebody who shares them, wants to find again. */
import { useState } from "preact/hooks";
import type { BookmarkJson } from "../../api/views";
import type { EditorActions } from "./actions";
import { Button, count, ICONS, Section } from "./parts";

export function BookmarkPanel({ actions }: { actions: EditorActions }) {
  const { model, viewing } = actions;
  const bookmarks = model.bookmarks.value;
  return (
    <Section title="Bookmarks" aside={bookmarks?.length ? count(bookmarks.length) : undefined}>
      {bookmarks === undefined ? (
        <p class="empty">
          The bookmarks could not be read.{" "}
          <button
            type="button"
            class="button button-quiet"
            onClick={() => viewing.bookmarks.load().catch(() => undefined)}
          >
            Try again
          </button>
        </p>
      ) : (
        <List actions={actions} bookmarks={bookmarks} />
      )}
      <div class="row">
        <Button
          label="Bookmark this view"
          keyFor="bookmark"
          icon={ICONS.add}
          onClick={() => void viewing.bookmarks.add()}
        >
          <span>Bookmark this view</span>
        </Button>
        <Button label="Copy link to this view" onClick={() => void viewing.places.copyLink()}>
          <span>Copy link</span>
        </Button>
      </div>
    </Section>
  );
}

function List(props: { actions: EditorActions; bookmarks: readonly BookmarkJson[] }) {
  const { actions, bookmarks } = props;
  if (bookmarks.length === 0) {
    return (
      <p class="empty">Keep a view of this image to come back to it: place, zoom and plane.</p>
    );
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
          title={`Go to ${bookmark.name}`}
          onClick={() => bookmarks.go(bookmark)}
        >
          {bookmark.name}
        </button>
        {bookmark.is_mine ? (
          <Button
            label={`Change ${bookmark.name}`}
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
        aria-label={`Name of ${bookmark.name}`}
        onInput={(event) => setName(event.currentTarget.value)}
      />
      <label class="check">
        <input
          type="checkbox"
          checked={bookmark.is_shared ?? false}
          onChange={(event) => {
            void bookmarks.change(bookmark.id, { is_shared: event.currentTarget.checked });
          }}
        />
        <span>Members of the project see it</span>
      </label>
      <div class="row">
        <button type="submit" class="button">
          Rename
        </button>
        <Button
          label={`Delete ${bookmark.name}`}
          kind="danger"
          onClick={() => void bookmarks.remove(bookmark)}
        >
          <span>Delete</span>
        </Button>
      </div>
    </form>
  );
}
