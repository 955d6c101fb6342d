/** What lies above everything: notices, the help sheet, the way back in after a lost session. */
import { useState } from "preact/hooks";
import { LOGIN_PATH } from "../../api/client";
import type { EditorActions } from "./actions";
import { UNKNOWN_KEY } from "./class_words";
import { ClassKeyNote, KeyBar, KeyTable } from "./KeySheet";
import { Modal } from "./Modal";
import { Button, ICONS, plural } from "./parts";
import { isStack } from "./planes";

export function Notices({ actions }: { actions: EditorActions }) {
  const { model } = actions;
  return (
    <>
      <div class="notices">
        {model.notices.value.map((notice) => (
          <div key={notice.id} class={`notice notice-${notice.tone}`}>
            <span>{notice.text}</span>
            {notice.actions.map((action) => (
              <Button
                key={action.label}
                label={action.label}
                kind="primary"
                onClick={() => {
                  action.run();
                  if (!action.stays) actions.dismiss(notice.id);
                }}
              >
                <span>{action.label}</span>
              </Button>
            ))}
            <Button
              label="Close this message"
              icon={ICONS.close}
              kind="quiet"
              onClick={() => actions.dismiss(notice.id)}
            />
          </div>
        ))}
      </div>
      <div class="sr-only" role="status" aria-live="polite">
        {model.spoken.value}
      </div>
    </>
  );
}

export function HelpSheet({ actions }: { actions: EditorActions }) {
  const { model } = actions;
  const [sought, setSought] = useState("");
  if (!model.isHelpOpen.value) return null;
  return (
    <Modal
      title="Tools and shortcuts"
      isWide
      onClose={() => {
        model.isHelpOpen.value = false;
        actions.view.focusStage();
      }}
    >
      <KeyBar actions={actions} sought={sought} onSeek={setSought} />
      <div class={sought.trim() ? "help is-sought" : "help"}>
        <KeyTable actions={actions} sought={sought} />
        <ClassKeys actions={actions} />
        <section>
          <h3>Mouse, pen and touch</h3>
          <dl class="keys">
            <div>
              <dt>Wheel</dt>
              <dd>Zoom</dd>
            </div>
            <div>
              <dt>Ctrl + wheel</dt>
              <dd>Brush size</dd>
            </div>
            <div>
              <dt>Shift + click</dt>
              <dd>
                Brush and erasers: a straight line on from where the last stroke ended. Shift held
                through a stroke swaps Preserve and Overwrite.
              </dd>
            </div>
            {isStack(model.stackSize.value) && (
              <div>
                <dt>Alt + wheel</dt>
                <dd>Planes; with Shift, time points</dd>
              </div>
            )}
            <div>
              <dt>Middle button</dt>
              <dd>Move the image with any tool</dd>
            </div>
            <div>
              <dt>Fingers</dt>
              <dd>One paints, two move and zoom. Once a pen is used, one finger moves too.</dd>
            </div>
            <div>
              <dt>Pen</dt>
              <dd>Paints; its back end and its barrel button erase. A resting hand is ignored.</dd>
            </div>
          </dl>
        </section>
      </div>
    </Modal>
  );
}

/** Classes have keys of the project's own. */
function ClassKeys({ actions }: { actions: EditorActions }) {
  const classes = actions.model.classes.value;
  if (classes.length === 0) return null;
  const rows = [...classes.filter((one) => one.key), { key: UNKNOWN_KEY, name: "No class" }];
  return (
    <section>
      <h3>Class of the selected object, and of new ones</h3>
      <dl class="keys">
        {rows.map(({ key, name }) => (
          <div key={key}>
            <dt>
              <kbd>{key?.toUpperCase()}</kbd>
            </dt>
            <dd>
              {name} <ClassKeyNote actions={actions} press={key ?? ""} />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** The session ended: strokes wait in this browser until the person is back. */
export function LoginDialog({ actions }: { actions: EditorActions }) {
  const { model } = actions;
  if (!model.isLoginOpen.value) return null;
  const { queued, lastError } = model.save.value;
  return (
    <Modal title="You were signed out" onClose={() => actions.login.later()}>
      {lastError && <p>{lastError}</p>}
      <p>
        {queued === 0
          ? "Nothing is lost: every stroke is on the server."
          : `Nothing is lost: ${plural(queued, "stroke")} ${queued === 1 ? "waits" : "wait"} in this browser.`}
      </p>
      <p class="hint">
        Sign in in the new tab and come back here: this page goes on where it is, without loading
        again. You can also close this and keep painting.
      </p>
      <div class="row">
        <a class="button button-primary" href={LOGIN_PATH} target="_blank" rel="noopener">
          Sign in in a new tab
        </a>
        <Button label="I am signed in again" onClick={() => actions.login.retry()}>
          <span>I am signed in again</span>
        </Button>
      </div>
    </Modal>
  );
}
