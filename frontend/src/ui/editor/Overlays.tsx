/** What lies above everything: notices, the help sheet, the way back in after a lost session. */
import { useState } from "preact/hooks";
import { LOGIN_PATH } from "../../api/client";
import * as texts from "../../texts";
import type { EditorActions } from "./actions";
import { UNKNOWN_KEY } from "./class_words";
import { ClassKeyNote, KeyBar, KeyTable } from "./KeySheet";
import { Modal } from "./Modal";
import { Button, ICONS } from "./parts";
import { isStack } from "./planes";
import { TourStart } from "./Tour";

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
              label={texts.editor.closeMessage}
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
      title={texts.editor.help.title}
      isWide
      onClose={() => {
        model.isHelpOpen.value = false;
        actions.view.focusStage();
      }}
    >
      <TourStart actions={actions} />
      <KeyBar actions={actions} sought={sought} onSeek={setSought} />
      <div class={sought.trim() ? "help is-sought" : "help"}>
        <KeyTable actions={actions} sought={sought} />
        <ClassKeys actions={actions} />
        <section>
          <h3>{texts.editor.help.pointers}</h3>
          <dl class="keys">
            <div>
              <dt>{texts.editor.help.wheel}</dt>
              <dd>{texts.editor.help.wheelDoes}</dd>
            </div>
            <div>
              <dt>{texts.editor.help.ctrlWheel}</dt>
              <dd>{texts.editor.help.ctrlWheelDoes}</dd>
            </div>
            <div>
              <dt>{texts.editor.help.shiftClick}</dt>
              <dd>{texts.editor.help.shiftClickDoes}</dd>
            </div>
            {isStack(model.stackSize.value) && (
              <div>
                <dt>{texts.editor.help.altWheel}</dt>
                <dd>{texts.editor.help.altWheelDoes}</dd>
              </div>
            )}
            <div>
              <dt>{texts.editor.help.middleButton}</dt>
              <dd>{texts.editor.help.middleButtonDoes}</dd>
            </div>
            <div>
              <dt>{texts.editor.help.fingers}</dt>
              <dd>{texts.editor.help.fingersDo}</dd>
            </div>
            <div>
              <dt>{texts.editor.help.pen}</dt>
              <dd>{texts.editor.help.penDoes}</dd>
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
  const rows = [
    ...classes.filter((one) => one.key),
    { key: UNKNOWN_KEY, name: texts.classes.noClass },
  ];
  return (
    <section>
      <h3>{texts.editor.help.classKey}</h3>
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
    <Modal title={texts.editor.signedOut.title} onClose={() => actions.login.later()}>
      {lastError && <p>{lastError}</p>}
      <p>
        {queued === 0 ? texts.editor.signedOut.allOnServer : texts.editor.signedOut.waiting(queued)}
      </p>
      <p class="hint">{texts.editor.signedOut.whatToDo}</p>
      <div class="row">
        <a class="button button-primary" href={LOGIN_PATH} target="_blank" rel="noopener">
          {texts.editor.signedOut.signIn}
        </a>
        <Button label={texts.editor.signedOut.iAmSignedIn} onClick={() => actions.login.retry()}>
          <span>{texts.editor.signedOut.iAmSignedIn}</span>
        </Button>
      </div>
    </Modal>
  );
}
