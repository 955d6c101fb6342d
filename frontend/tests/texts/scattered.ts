/** Finds texts that a person reads in source that should hold none. */
import ts from "typescript";

export interface Scattered {
  readonly line: number;
  readonly text: string;
}

/** Units are written alike everywhere. */
const WORD = /(?<!\p{L})(?!(px|[mµ]m)(?!\p{L}))\p{L}{2}/u;
/** Begins like a sentence or a label of several words. */
const SENTENCE = /^\s*[A-Z]\p{L}*[ ,;:’'…]\s*[^\s\d-]/u;
/** Words with spaces between them, as no selector, font or colour has. */
const WORDS = /(^|[\s(“])\p{L}+ (\p{Ll}+ )?\p{Ll}{2,}([ .,;:…)]|$)/u;
/** A label of one word, where it is given a name. */
const LABEL = /^\p{Lu}\p{Ll}+…?$/u;
/** A word beside what is put in. */
const BESIDE = /(^|[\s…(])(?!px|[mµ]m)\p{Ll}{2,}[.,;:)]?(\s|$)/u;
/** Attributes and fields that are read, whatever they hold. */
const READ = new Set(["title", "label", "aria-label", "placeholder", "alt", "help", "legend"]);
READ.add("aria-valuetext").add("aria-description").add("short").add("hint");
/** Attributes that are no text, whatever they look like. */
const CODE = new Set(["class", "d", "style", "rel", "sizes", "accept", "autocomplete"]);
/** Keys of the keyboard are called what is printed on them; groups of commands have names of their own. */
const NAMES = new Set(["keys", "shown", "kbd", "group"]);
const CHOOSING = new Set([
  ts.SyntaxKind.BarBarToken,
  ts.SyntaxKind.QuestionQuestionToken,
  ts.SyntaxKind.AmpersandAmpersandToken,
]);

/** @param path for its ending, which says whether there is JSX */
export function scatteredTexts(path: string, source: string): Scattered[] {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true);
  const found: Scattered[] = [];
  const tell = (node: ts.Node, text: string) => {
    const { line } = file.getLineAndCharacterOfPosition(node.getStart(file));
    found.push({ line: line + 1, text: text.trim().replace(/\s+/g, " ") });
  };
  const visit = (node: ts.Node): void => {
    if (isNoText(node)) return;
    const text = textOf(node);
    if (text !== undefined && isRead(node, text)) tell(node, text);
    else ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** Module names, types, classes of style sheets, and errors for whoever programs here. */
function isNoText(node: ts.Node): boolean {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return true;
  if (ts.isTypeNode(node)) return true;
  if (ts.isJsxAttribute(node)) return CODE.has(node.name.getText());
  if (ts.isBinaryExpression(node)) return /\.className$/.test(node.left.getText());
  if (ts.isNewExpression(node)) return /^(Range|Type)?Error$/.test(node.expression.getText());
  return ts.isCallExpression(node) && /(querySelector|matchMedia|closest)/.test(calleeOf(node));
}

function calleeOf(node: ts.CallExpression): string {
  return node.expression.getText().split(".").at(-1) ?? "";
}

/** What a literal says, with … for what is put in. */
function textOf(node: ts.Node): string | undefined {
  if (ts.isJsxText(node)) return node.text;
  if (ts.isStringLiteralLike(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return undefined;
  return [node.head, ...node.templateSpans.map((span) => span.literal)]
    .map((part) => part.text)
    .join("…");
}

function isRead(node: ts.Node, text: string): boolean {
  if (!WORD.test(text)) return false;
  const taker = takerOf(node);
  const name = nameOf(taker);
  if (NAMES.has(name)) return false;
  const isChild = ts.isJsxElement(taker) || ts.isJsxFragment(taker);
  if (isChild || READ.has(name) || isCounted(node)) return true;
  if (name !== "" && LABEL.test(text)) return true;
  if (ts.isTemplateExpression(node) && BESIDE.test(text)) return true;
  return SENTENCE.test(text) || WORDS.test(text);
}

/** The attribute, field or element that a literal is given to, through lists and conditions. */
function takerOf(node: ts.Node): ts.Node {
  let { parent } = node;
  while (isThrough(parent)) parent = parent.parent;
  return parent;
}

function isThrough(node: ts.Node): boolean {
  if (ts.isBinaryExpression(node)) return CHOOSING.has(node.operatorToken.kind);
  return (
    ts.isConditionalExpression(node) ||
    ts.isJsxExpression(node) ||
    ts.isArrayLiteralExpression(node)
  );
}

function nameOf(taker: ts.Node): string {
  if (ts.isJsxElement(taker)) return taker.openingElement.tagName.getText();
  return ts.isJsxAttribute(taker) || ts.isPropertyAssignment(taker) ? taker.name.getText() : "";
}

/** A word that is put into the plural. */
function isCounted({ parent }: ts.Node): boolean {
  return ts.isCallExpression(parent) && calleeOf(parent) === "plural";
}
