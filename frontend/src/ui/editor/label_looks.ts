/** How the objects of a layer are coloured, by what a person chose. */
import type { LabelReader } from "../../store/types";
import type { Colouring } from "../../viewer/colouring";
import type { Among } from "./chosen";
import { coloursBy } from "./colour_choice";
import type { EditorModel } from "./model";

/** Which instances of a draft are not drawn, and which only faintly. */
export interface DraftLook {
  readonly isHidden: (id: number) => boolean;
  readonly isFaded: (id: number) => boolean;
}

export function annotationColouring(model: EditorModel, reader: LabelReader): Colouring {
  const isChosen = isChosenAmong(model, "annotation");
  return { ...colours(model, reader, false), isDraft: false, isChosen };
}

export function draftColouring(
  model: EditorModel,
  reader: LabelReader,
  look: DraftLook,
): Colouring {
  const isChosen = isChosenAmong(model, "draft");
  return { ...colours(model, reader, true), isDraft: true, isChosen, ...look };
}

function isChosenAmong({ chosen }: EditorModel, among: Among): (id: number) => boolean {
  return (id) => chosen.peek().among === among && chosen.peek().ids.has(id);
}

function colours(model: EditorModel, reader: LabelReader, isDraft: boolean) {
  const { labelStyle, colourBy, classes, palette, authors, edgeWidth } = model;
  const style = labelStyle.value;
  const chosen = coloursBy(reader.instances, {
    ...{ by: colourBy.value, style, isDraft },
    ...{ classes: classes.value, palette: palette.value, authors: authors.value },
  });
  return { style, edgeWidth: edgeWidth.value, ...chosen };
}
