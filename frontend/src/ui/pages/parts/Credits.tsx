/** The public data sets that taught a starter model, with licences and sources. */

import type { DataSet } from "../../../api/starter_types";
import * as texts from "../../../texts/pages";
import { linkOf } from "./sources";

export function Credits({ sets }: { sets: readonly DataSet[] }) {
  const images = sets.reduce((sum, one) => sum + one.n_images, 0);
  return (
    <details class="small">
      <summary>{texts.common.credits.learntFrom(images, sets.length)}</summary>
      <ul class="credits">
        {sets.map((one) => {
          const link = linkOf(one.source);
          return (
            <li key={`${one.dataset} ${one.source} ${one.licence}`}>
              {texts.common.credits.dataset(one.dataset, one.n_objects, one.n_images, one.licence)}{" "}
              {link ? <a href={link}>{one.source}</a> : one.source}
            </li>
          );
        })}
      </ul>
    </details>
  );
}
