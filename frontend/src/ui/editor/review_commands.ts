/** Keys for drafts, and for the regions that say what is done. */
import * as texts from "../../texts";
import { words } from "../../texts/keys";
import type { EditorActions } from "./actions";
import type { Command } from "./command";
import { isStack } from "./planes";

export const REVIEW_COMMANDS: readonly Command[] = [
  {
    id: "accept",
    group: "Drafts",
    label: texts.commands.accept,
    keys: ["a"],
    run: (editor) => editor.many.accept() || editor.review.accept(),
  },
  {
    id: "reject",
    group: "Drafts",
    label: texts.commands.reject,
    keys: ["r"],
    run: (editor) => editor.many.reject() || editor.review.reject(),
  },
  {
    id: "edit-draft",
    group: "Drafts",
    label: texts.commands.takeOver,
    keys: ["e"],
    run: (editor) => editor.review.edit(),
  },
  ...([1, -1] as const).flatMap((by): Command[] => {
    const command = {
      group: "Drafts" as const,
      label: by === 1 ? texts.commands.nextDoubtful : texts.commands.previousDoubtful,
      also: by === 1 ? words.tab : `Shift+${words.tab}`,
      run: (editor: EditorActions) => editor.review.step(by),
    };
    const way = by === 1 ? ("next" as const) : ("previous" as const);
    const key = by === 1 ? "." : ",";
    return [
      { ...command, id: `${way}-doubtful`, keys: [key], isFor: (size) => !isStack(size) },
      // There the signs lead through the planes; Tab is no command, see bindKeys.
      { ...command, id: `${way}-doubtful-in-stack`, keys: [], isFor: isStack },
    ];
  }),
  {
    id: "show-finished",
    group: "Drafts",
    label: texts.commands.showFinished,
    keys: ["shift+f"],
    run: ({ drafts, model }) => drafts.showFinished(!model.showsFinished.value),
  },
  {
    id: "compare",
    group: "Drafts",
    label: texts.commands.compare,
    keys: ["shift+v"],
    run: (editor) => editor.compare.toggle(),
  },
  {
    id: "submit-region",
    group: "Regions",
    label: texts.commands.submitRegion,
    keys: ["ctrl+enter"],
    run: (editor) => editor.regions.submitChosen(),
  },
  {
    id: "next-suggestion",
    group: "Regions",
    label: texts.commands.nextSuggestion,
    keys: ["shift+g"],
    run: (editor) => editor.suggestions.next(),
  },
];
