/** What went wrong, read out at once, with a way to try again where there is one. */
import * as texts from "../../../texts/pages";

interface Props {
  readonly text: string;
  readonly onRetry?: () => void;
}

export function Problem({ text, onRetry }: Props) {
  return (
    <p class="message error" role="alert">
      {text}
      {onRetry && (
        <>
          {" "}
          <button class="link-button" type="button" onClick={onRetry}>
            {texts.common.tryAgain}
          </button>
        </>
      )}
    </p>
  );
}
