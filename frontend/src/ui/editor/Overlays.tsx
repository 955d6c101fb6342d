/** What lies above everything: notices, the help sheet, the way back in after a lost session. */
import { useEffect, useRef } from "preact/hooks";
import { TOOLS } from "../../tools/tools";
import type { EditorActions } from "./actions";
import { COMMANDS } from "./commands";
import { Button, ICONS, plural } from "./parts";

export function Notices({ actions }: { actions: EditorActions }) {
  const { model } = actions;
  return (
    <>
      <div class="notices">
        {model.notices.value.map((notice) => (
          <div key={notice.id} class={`notice notice-${notice.tone}`}>
            <span>{notice.text}</span>
            {notice.action && (
              <Button
                label={notice.action.label}
                kind="primary"
                onClick={() => {
                  notice.action?.run();
                  actions.dismiss(notice.id);
                }}
              >
                <span>{notice.action.label}</span>
              </Button>
            )}
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

/** A modal dialog while it is mounted; the browser keeps the focus inside. */
function Modal(props: {
  readonly title: string;
  readonly onClose: () => void;
  readonly isWide?: boolean;
  readonly children: preact.ComponentChildren;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog by itself
    <dialog
      ref={dialog}
      class={props.isWide ? "dialog dialog-wide" : "dialog"}
      aria-label={props.title}
      onClose={props.onClose}
      onClick={(event) => {
        // A click on the backdrop has the dialog itself as its target.
        if (event.target === dialog.current) dialog.current?.close();
      }}
    >
      <header>
        <h2>{props.title}</h2>
        <Button
          label="Close"
          icon={ICONS.close}
          kind="quiet"
          onClick={() => dialog.current?.close()}
        />
      </header>
      {props.children}
    </dialog>
  );
}

export function HelpSheet({ actions }: { actions: EditorActions }) {
  const { model } = actions;
  if (!model.isHelpOpen.value) return null;
  const groups = [...new Set(COMMANDS.map((command) => command.group))];
  return (
    <Modal
      title="Tools and shortcuts"
      isWide
      onClose={() => {
        model.isHelpOpen.value = false;
        actions.view.focusStage();
      }}
    >
      <div class="help">
        <section>
          <h3>Tools</h3>
          <dl>
            {TOOLS.map((tool) => (
              <div key={tool.name}>
                <dt>
                  <kbd>{tool.key.toUpperCase()}</kbd> {tool.label}
                </dt>
                <dd>{tool.help}</dd>
              </div>
            ))}
          </dl>
        </section>
        {groups.map((group) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl class="keys">
              {COMMANDS.filter((command) => command.group === group).map((command) => (
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
              <dt>Middle button</dt>
              <dd>Move the image with any tool</dd>
            </div>
            <div>
              <dt>Fingers</dt>
              <dd>Move and zoom; a tap selects. The back end of a pen erases.</dd>
            </div>
          </dl>
        </section>
      </div>
    </Modal>
  );
}

/** The session ended: strokes wait in this browser until the person is back. */
export function LoginDialog({ actions }: { actions: EditorActions }) {
  const save = actions.model.save.value;
  if (save.state !== "login-needed") return null;
  return (
    <Modal title="You were signed out" onClose={() => actions.retrySaving()}>
      <p>
        Nothing is lost: {plural(save.queued, "stroke")} {save.queued === 1 ? "is" : "are"} kept in
        this browser and will be sent once you are signed in again.
      </p>
      <div class="row">
        <a class="button button-primary" href="/accounts/login/" target="_blank" rel="noopener">
          Sign in in a new tab
        </a>
        <Button label="I am signed in again" onClick={() => actions.retrySaving()}>
          <span>I am signed in again</span>
        </Button>
      </div>
    </Modal>
  );
}
