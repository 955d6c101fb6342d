/** The form of an engine's parameters: what was typed, what is sent. */

import type { EngineParam } from "../../../api/page_types";
import * as texts from "../../../texts/pages";

export type Typed = Readonly<Record<string, string | boolean>>;

export interface Checked {
  readonly params: Readonly<Record<string, unknown>>;
  readonly problems: Readonly<Record<string, string>>;
}

/** Turn what was typed into parameters; only those that differ from the default are sent. */
export function readParams(params: readonly EngineParam[], typed: Typed): Checked {
  const values: Record<string, unknown> = {};
  const problems: Record<string, string> = {};
  for (const param of params) {
    const raw = typed[param.name];
    if (raw === undefined || raw === "") continue;
    const problem = problemOf(param, raw);
    if (problem) problems[param.name] = problem;
    else if (parsed(param, raw) !== param.default) values[param.name] = parsed(param, raw);
  }
  return { params: values, problems };
}

/** Read "2, 0" as channels in that order; null when it is something else. */
export function readChannels(text: string): readonly number[] | null {
  const parts = text.split(/[\s,;]+/).filter((part) => part !== "");
  const areNumbers = parts.every((part) => /^\d{1,3}$/.test(part));
  const numbers = parts.map(Number);
  return areNumbers && new Set(numbers).size === numbers.length ? numbers : null;
}

function parsed(param: EngineParam, raw: string | boolean): unknown {
  if (param.type === "bool") return raw === true || raw === "true";
  return param.type === "str" ? raw : Number(raw);
}

function problemOf(param: EngineParam, raw: string | boolean): string {
  if (param.type === "bool" || param.type === "str") return "";
  const value = Number(raw);
  if (Number.isNaN(value)) return texts.training.params.notANumber(param.title);
  if (param.type === "int" && !Number.isInteger(value))
    return texts.training.params.notWhole(param.title);
  if (param.low !== null && value < param.low)
    return texts.training.params.tooLow(param.title, param.low);
  if (param.high !== null && value > param.high)
    return texts.training.params.tooHigh(param.title, param.high);
  return "";
}
