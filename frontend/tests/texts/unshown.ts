/** Finds texts that no source shows. */
import { posix } from "node:path";
import ts from "typescript";

/** Source by its path below src, such as "texts/keys.ts". */
export type Sources = Readonly<Record<string, string>>;

const TEXTS = "texts/";

/** Every exported text that nothing names, such as "texts/keys.ts: dialog.title". */
export function unshownTexts(sources: Sources): string[] {
  const files = Object.entries(sources).map(([path, source]) => ({
    path,
    tree: ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true),
  }));
  const doors = new Map(files.flatMap(({ path, tree }) => passedOn(path, tree, sources)));
  const shown = new Set(files.flatMap(({ path, tree }) => namedIn(path, tree, sources, doors)));
  return files
    .filter(({ path }) => path.startsWith(TEXTS))
    .flatMap(({ path, tree }) => textsOf(path, tree))
    .filter((name) => !isReached(name, shown))
    .map((name) => name.replace("#", ": "));
}

/** Named as it is, or reached through a group by a name that is computed. */
function isReached(name: string, shown: ReadonlySet<string>): boolean {
  const [module, text = ""] = name.split("#");
  const parts = text.split(".");
  return parts.some((_, i) => shown.has(`${module}#${parts.slice(0, i + 1).join(".")}`));
}

/** What a module of texts exports, down to each single text. */
function textsOf(path: string, tree: ts.SourceFile): string[] {
  return tree.statements.filter(isExported).flatMap((statement) => {
    if (ts.isFunctionDeclaration(statement)) return [`${path}#${statement.name?.text}`];
    if (!ts.isVariableStatement(statement)) return [];
    return statement.declarationList.declarations.flatMap((one) =>
      leavesOf(`${path}#${one.name.getText()}`, one.initializer),
    );
  });
}

function isExported(statement: ts.Statement): boolean {
  if (!ts.canHaveModifiers(statement)) return false;
  const modifiers = ts.getModifiers(statement) ?? [];
  return modifiers.some((one) => one.kind === ts.SyntaxKind.ExportKeyword);
}

function leavesOf(name: string, value: ts.Expression | undefined): string[] {
  if (value && ts.isAsExpression(value)) return leavesOf(name, value.expression);
  if (!value || !ts.isObjectLiteralExpression(value)) return [name];
  return value.properties.flatMap((one) =>
    leavesOf(
      `${name}.${one.name?.getText() ?? ""}`,
      ts.isPropertyAssignment(one) ? one.initializer : undefined,
    ),
  );
}

/** What an index exports from the modules beside it: "texts/index.ts#editor" is "texts/editor.ts#editor". */
function passedOn(path: string, tree: ts.SourceFile, sources: Sources): [string, string][] {
  return tree.statements.flatMap((one): [string, string][] => {
    if (!ts.isExportDeclaration(one) || !one.exportClause) return [];
    const module = moduleOf(path, one.moduleSpecifier, sources);
    if (module === undefined || !ts.isNamedExports(one.exportClause)) return [];
    return one.exportClause.elements.map(({ name, propertyName }) => [
      `${path}#${name.text}`,
      `${module}#${(propertyName ?? name).text}`,
    ]);
  });
}

/** The module of texts that an import leads to. */
function moduleOf(from: string, to: ts.Expression | undefined, sources: Sources) {
  if (!to || !ts.isStringLiteral(to)) return undefined;
  const path = posix.join(posix.dirname(from), to.text);
  const module = [`${path}.ts`, `${path}/index.ts`].find((one) => one in sources);
  return module?.startsWith(TEXTS) ? module : undefined;
}

/** The texts and groups of texts that a source names. */
function namedIn(
  path: string,
  tree: ts.SourceFile,
  sources: Sources,
  doors: ReadonlyMap<string, string>,
): string[] {
  const roots = rootsOf(path, tree, sources);
  const named: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node) || ts.isTypeNode(node)) return;
    const root = ts.isIdentifier(node) && isValue(node) ? roots.get(node.text) : undefined;
    if (root === undefined) ts.forEachChild(node, visit);
    else named.push(within(root, pathFrom(node), doors));
  };
  visit(tree);
  return named;
}

/** What each imported name stands for; in a module of texts, also its own exports. */
function rootsOf(path: string, tree: ts.SourceFile, sources: Sources): Map<string, string> {
  const roots = new Map<string, string>();
  for (const one of tree.statements) {
    if (!ts.isImportDeclaration(one)) continue;
    const module = moduleOf(path, one.moduleSpecifier, sources);
    const bindings = one.importClause?.namedBindings;
    if (module === undefined || !bindings) continue;
    if (ts.isNamespaceImport(bindings)) roots.set(bindings.name.text, module);
    else
      for (const { name, propertyName } of bindings.elements)
        roots.set(name.text, `${module}#${(propertyName ?? name).text}`);
  }
  if (path.startsWith(TEXTS))
    for (const text of textsOf(path, tree)) {
      const name = text.replace(/.*#/, "").replace(/\..*/, "");
      roots.set(name, `${path}#${name}`);
    }
  return roots;
}

/** Not where it is given its name, and not a field of something else. */
function isValue(node: ts.Identifier): boolean {
  const { parent } = node;
  const isNamed =
    ts.isPropertyAccessExpression(parent) ||
    ts.isPropertyAssignment(parent) ||
    ts.isVariableDeclaration(parent) ||
    ts.isFunctionDeclaration(parent) ||
    ts.isParameter(parent);
  if (isNamed) return parent.name !== node;
  return !ts.isJsxOpeningLikeElement(parent) && !ts.isJsxClosingElement(parent);
}

/** ["dialog", "title"] from the `keys` of `keys.dialog.title`. */
function pathFrom(node: ts.Node): string[] {
  const { parent } = node;
  if (!ts.isPropertyAccessExpression(parent) || parent.expression !== node) return [];
  return [parent.name.text, ...pathFrom(parent)];
}

/** A path from a module or an export, in the module where the text is written. */
function within(root: string, path: readonly string[], doors: ReadonlyMap<string, string>): string {
  const [first, ...rest] = path;
  if (!root.includes("#")) return first ? within(`${root}#${first}`, rest, doors) : root;
  return [doors.get(root) ?? root, ...path].join(".");
}
