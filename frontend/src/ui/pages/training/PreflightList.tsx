/** What to know before a training, each with the button that mends it. */

import type { Finding, Fix, Preflight } from "../../../api/page_types";
import { address } from "../../../api/pages";
import * as texts from "../../../texts/pages";

interface Props {
  readonly preflight: Preflight;
  readonly project: string;
  readonly onMend: (fix: Fix) => void;
}

const TONES = { problem: "error", warning: "warning", hint: "" };

export function PreflightList({ preflight, project, onMend }: Props) {
  const { findings, estimate } = preflight;
  return (
    <section
      class="messages preflight"
      aria-label={texts.training.preflight.title}
      aria-live="polite"
    >
      {findings.map((finding) => (
        <div key={`${finding.code} ${finding.sentence}`} class={`message ${TONES[finding.tone]}`}>
          <p>{finding.sentence}</p>
          {finding.fix && <FixButton fix={finding.fix} project={project} onMend={onMend} />}
        </div>
      ))}
      {findings.length === 0 && <p class="hint">{texts.training.preflight.nothing}</p>}
      {estimate && <p class="hint">{estimate}</p>}
    </section>
  );
}

interface ButtonProps {
  readonly fix: NonNullable<Finding["fix"]>;
  readonly project: string;
  readonly onMend: (fix: Fix) => void;
}

function FixButton({ fix, project, onMend }: ButtonProps) {
  if (changesForm(fix)) {
    return (
      <button class="button small" type="button" onClick={() => onMend(fix)}>
        {fix.button}
      </button>
    );
  }
  return (
    <a class="button small" href={placeOf(fix, project)}>
      {fix.button}
    </a>
  );
}

export function changesForm(fix: Fix): boolean {
  return fix.start !== "" || fix.channels !== null || Object.keys(fix.params).length > 0;
}

export function placeOf({ image, region }: Fix, project: string): string {
  if (image === null) return address.project(project);
  return region === null ? address.editor(image) : address.region(image, region);
}
