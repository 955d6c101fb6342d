/** A question to a model that is not answered soon. */

export const waiting = {
  turn: (name: string) =>
    `${name} has not answered yet: its worker is starting, or at something else such as a ` +
    "draft, and comes to this next. Esc drops the question.",
};
