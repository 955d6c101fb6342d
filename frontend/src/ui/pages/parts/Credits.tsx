/** The public data sets that taught a starter model, with licences and sources. */

import type { DataSet } from "../../../api/starter_types";
import { count } from "../format";
import { linkOf } from "./sources";

export function Credits({ sets }: { sets: readonly DataSet[] }) {
  const images = sets.reduce((sum, one) => sum + one.n_images, 0);
  return (
    <details class="small">
      <summary>
        Learnt from {count(images, "image")} of {count(sets.length, "public data set")}
      </summary>
      <ul class="credits">
        {sets.map((one) => {
          const link = linkOf(one.source);
          return (
            <li key={`${one.dataset} ${one.source} ${one.licence}`}>
              {one.dataset}: {count(one.n_objects, "object")} on {count(one.n_images, "image")},{" "}
              {one.licence}, {link ? <a href={link}>{one.source}</a> : one.source}
            </li>
          );
        })}
      </ul>
    </details>
  );
}
