/** The head of a column of numbers. */
import type { ComponentChildren } from "preact";

export function NumberHead({ children }: { children: ComponentChildren }) {
  return (
    <th scope="col" class="num">
      {children}
    </th>
  );
}
