/** A button that asks the server for something, and the sentence when that fails. */

import { useSignal } from "@preact/signals";
import { sentenceOf } from "../../../api/pages";
import { Problem } from "./Problem";

interface Props {
  readonly label: string;
  readonly act: () => Promise<unknown>;
  readonly isSmall?: boolean;
}

export function TryButton({ label, act, isSmall = false }: Props) {
  const busy = useSignal(false);
  const problem = useSignal("");
  const run = async () => {
    if (busy.value) return;
    busy.value = true;
    try {
      await act();
      problem.value = "";
    } catch (error) {
      problem.value = sentenceOf(error);
    }
    busy.value = false;
  };
  return (
    <>
      <button
        class={isSmall ? "button small" : "button"}
        type="button"
        aria-busy={busy.value}
        onClick={() => void run()}
      >
        {label}
      </button>
      {problem.value && <Problem text={problem.value} />}
    </>
  );
}
