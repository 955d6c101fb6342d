/** What a version drew on held-out images, beside what people drew: pictures of the measurement. */

import type { Evaluation } from "../../../api/page_types";
import { address } from "../../../api/pages";
import * as texts from "../../../texts/pages";
import { score } from "../format";
import { ap50 } from "../parts/scores";

export interface Figure {
  readonly id: string;
  readonly image: string;
  readonly name: string;
  readonly ap: number | undefined;
}

/** The pictures with their images' scores, the worst first. */
export function figuresOf({ examples, per_image }: Evaluation): readonly Figure[] {
  const rows = new Map((per_image ?? []).map((row) => [row.image, row]));
  const figures = (examples ?? []).map(({ id, image }): Figure => {
    const row = rows.get(image);
    return { id, image, name: row?.name ?? "", ap: row && ap50(row) };
  });
  return figures.sort((a, b) => (a.ap ?? 0) - (b.ap ?? 0));
}

export function Examples({ evaluation }: { evaluation: Evaluation }) {
  const figures = figuresOf(evaluation);
  if (figures.length === 0) return null;
  return (
    <section class="panel stack" aria-label={texts.version.examples.title}>
      <div class="panel-head" style={{ marginBottom: 0 }}>
        <h2>{texts.version.examples.title}</h2>
        <ul class="legend">
          <li>
            <span class="swatch swatch-drawn" />
            {texts.version.examples.byPeople}
          </li>
          <li>
            <span class="swatch swatch-predicted" />
            {texts.version.examples.byVersion}
          </li>
        </ul>
      </div>
      <div class="examples">
        {figures.map(({ id, image, name, ap }) => (
          <figure class="example" key={id}>
            <img
              src={address.example(id)}
              alt={texts.version.examples.label(name)}
              loading="lazy"
            />
            <figcaption>
              <a href={address.editor(image)}>{name}</a>
              {texts.version.examples.ap50(score(ap))}
            </figcaption>
          </figure>
        ))}
      </div>
    </section>
  );
}
