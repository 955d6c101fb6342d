/** Keys for the planes of a stack. */
import * as texts from "../../texts";
import type { Command } from "./command";
import { isStack, type StackSize } from "./planes";

const hasZ = ({ nZ }: StackSize) => nZ > 1;
const hasBoth = ({ nZ, nT }: StackSize) => nZ > 1 && nT > 1;

export const PLANE_COMMANDS: readonly Command[] = [
  ...([1, -1] as const).map(
    (by): Command => ({
      id: by === 1 ? "next-plane" : "previous-plane",
      group: "Planes",
      label: by === 1 ? texts.commands.nextPlane : texts.commands.previousPlane,
      keys: [by === 1 ? "." : ","],
      run: (editor) => editor.planes.step(by),
      isFor: isStack,
    }),
  ),
  ...([1, -1] as const).map(
    (by): Command => ({
      id: by === 1 ? "next-time" : "previous-time",
      group: "Planes",
      label: by === 1 ? texts.commands.nextTimePoint : texts.commands.previousTimePoint,
      keys: [by === 1 ? "shift+pagedown" : "shift+pageup"],
      run: (editor) => editor.planes.stepTime(by),
      isFor: hasBoth,
    }),
  ),
  ...([1, -1] as const).map(
    (by): Command => ({
      id: by === 1 ? "copy-to-next-plane" : "copy-to-previous-plane",
      group: "Planes",
      label: by === 1 ? texts.commands.copyToNextPlane : texts.commands.copyToPreviousPlane,
      keys: [by === 1 ? "shift+." : "shift+,"],
      run: (editor) => editor.planes.copySelected(by),
      isFor: hasZ,
    }),
  ),
  {
    id: "projection",
    group: "Planes",
    label: texts.commands.maximum,
    keys: ["p"],
    run: (editor) => void editor.planes.project(!editor.model.isProjected.value),
    isFor: hasZ,
  },
];
