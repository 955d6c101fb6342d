/** What lies above everything: notices, the help sheet, the way back in after a lost session. */
import { LOGIN_PATH } from "../../api/client";
import * as texts from "../../texts";
import { TOOLS } from "../../tools/tools";
import type { EditorActions } from "./actions";
import { UNKNOWN_KEY } from "./class_words";
import { commandsFor } from "./commands";
import { Modal } from "./Modal";
import { Button, ICONS, shownKey } from "./parts";
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
  if (!model.isHelpOpen.value) return null;
  const commands = commandsFor(model.stackSize.value);
  const groups = [...new Set(commands.map((command) => command.group))];
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
      <div class="help">
        <section>
          <h3>{texts.editor.help.tools}</h3>
          <dl>
            {TOOLS.map((tool) => (
              <div key={tool.name}>
                <dt>
                  <kbd>{shownKey(tool.key)}</kbd> {tool.label}
                </dt>
                <dd>{tool.help}</dd>
              </div>
            ))}
          </dl>
        </section>
        {groups.map((group) => (
          <section key={group}>
            <h3>{texts.commands.groups[group]}</h3>
            <dl class="keys">
              {commands
                .filter((command) => command.group === group)
                .map((command) => (
                  <div key={command.label}>
                    <dt>
                      {command.shown.map((key) => (
                        <kbd key={key}>{key}</kbd>
                      ))}
                    </dt>
                    <dd>{command.label}</dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
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
            <dd>{name}</dd>
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
