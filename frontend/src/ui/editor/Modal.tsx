/** A dialog above everything else. */
import { useEffect, useRef } from "preact/hooks";
import * as texts from "../../texts";
import { Button, ICONS } from "./parts";

/** A modal dialog while it is mounted; the browser keeps the focus inside. */
export function Modal(props: {
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
          label={texts.common.close}
          icon={ICONS.close}
          kind="quiet"
          onClick={() => dialog.current?.close()}
        />
      </header>
      {props.children}
    </dialog>
  );
}
