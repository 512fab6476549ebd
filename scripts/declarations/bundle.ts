/**
 * Bundles the declarations that an entry module exports into one text without imports, so that a project that uses the
 * library compiles no source of it: what its own settings or another version of the compiler refuse is not seen.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import ts from "typescript5";

/** A declaration file: what each of its names stands for. */
interface Module {
  /** Top-level declarations by name; overloads are several. */
  readonly declared: ReadonlyMap<string, readonly ts.Statement[]>;
  /** Imported and re-exported names: the file, without its ending, and the name there. */
  readonly linked: ReadonlyMap<string, Link>;
}
interface Link {
  readonly file: string;
  readonly name: string;
}

/** Writes the declarations of a source file and of those that it imports to a folder. */
function emit(entry: string, root: string, folder: string): void {
  const compilerOptions = {
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    outDir: folder,
    rootDir: root,
    typeRoots: [join(root, "node_modules")],
  };
  const config = { extends: join(root, "tsconfig.json"), compilerOptions, include: [], files: [entry] };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  // The native compiler takes a fifth of the time of the one whose parser is used here.
  const command = [process.execPath, join(root, "node_modules/typescript/bin/tsc"), "--project", folder];
  const { exitCode, stdout } = Bun.spawnSync(command);
  if (exitCode !== 0) throw new Error(stdout.toString());
}

/** Returns a function that gives the declarations in a file of `folder`, by its path without its ending. */
function moduleReader(folder: string): (file: string) => Module | undefined {
  const modules = new Map<string, Module>();
  return (file) => {
    const path = join(folder, `${file}.d.ts`);
    if (!modules.has(file) && existsSync(path)) modules.set(file, moduleOf(file, readFileSync(path, "utf8")));
    return modules.get(file);
  };
}

function withoutEnding(path: string): string {
  return path.replace(/\.ts$/, "");
}

function moduleOf(path: string, text: string): Module {
  const declared = new Map<string, ts.Statement[]>();
  const linked = new Map<string, Link>();
  for (const statement of ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true).statements) {
    for (const name of namesOf(statement)) declared.set(name, [...(declared.get(name) ?? []), statement]);
    for (const [name, from, origin] of linksOf(statement)) {
      linked.set(name, { file: withoutEnding(join(dirname(path), from)), name: origin });
    }
  }
  return { declared, linked };
}

function namesOf(statement: ts.Statement): readonly string[] {
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.map(({ name }) => name.getText());
  const isNamed =
    ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement) || ts.isFunctionDeclaration(statement);
  return (isNamed || ts.isClassDeclaration(statement)) && statement.name ? [statement.name.text] : [];
}

/** The names that an import or a re-export of another file of the source makes. */
function linksOf(statement: ts.Statement): readonly (readonly [name: string, from: string, origin: string])[] {
  const isExport = ts.isExportDeclaration(statement);
  if (!isExport && !ts.isImportDeclaration(statement)) return [];
  const from = statement.moduleSpecifier;
  const list = isExport ? statement.exportClause : statement.importClause?.namedBindings;
  if (!from || !ts.isStringLiteral(from) || !from.text.startsWith(".")) return [];
  if (!list || ts.isNamespaceImport(list) || ts.isNamespaceExport(list)) return [];
  return list.elements.map(({ name, propertyName }) => [name.text, from.text, (propertyName ?? name).text] as const);
}

/** The names that a declaration refers to, and others that have the same text, which do no harm. */
function identifiersIn(statement: ts.Statement): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isImportTypeNode(node)) throw new Error(`${node.getText()}: state the type at its declaration`);
    const isMember = (ts.isPropertySignature(node.parent) || ts.isParameter(node.parent)) && node.parent.name === node;
    if (ts.isIdentifier(node) && !isMember) found.add(node.text);
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(statement, visit);
  return found;
}

/** The text of a declaration with its documentation, without `export`. */
function textOf(statement: ts.Statement): string {
  const source = statement.getSourceFile().text;
  const comments = ts.getLeadingCommentRanges(source, statement.pos) ?? [];
  const last = comments.at(-1);
  const documentation = last ? `${source.slice(last.pos, last.end)}\n` : "";
  return documentation + statement.getText().replace(/^export /, "");
}

/** The declarations that `entry`, a path from `root`, exports, and those that they refer to, as one module. */
export function bundleDeclarations(entry: string, root: string): string {
  const folder = mkdtempSync(join(tmpdir(), "wirelab-declarations-"));
  try {
    emit(join(root, entry), root, folder);
    return bundle(withoutEnding(entry), moduleReader(folder));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function bundle(entry: string, moduleAt: ReturnType<typeof moduleReader>): string {
  const origins = new Map<string, string>(); // the file of each bundled name
  const texts: string[] = [];
  /** Adds what `name` in `file` stands for, if it is part of the source; returns its name where it is declared. */
  const add = (file: string, name: string): string | undefined => {
    const { linked, declared } = moduleAt(file) ?? {};
    const link = linked?.get(name);
    if (link) return add(link.file, link.name);
    const statements = declared?.get(name);
    if (!statements) return undefined; // of the language or the runtime
    const origin = origins.get(name);
    if (origin === file) return name;
    if (origin !== undefined) throw new Error(`${name} is declared in ${origin} and in ${file}`);
    origins.set(name, file);
    for (const statement of statements) {
      for (const other of identifiersIn(statement)) if (other !== name) add(file, other);
      texts.push(textOf(statement));
    }
    return name;
  };
  const exported = [...(moduleAt(entry)?.linked.keys() ?? [])].sort();
  const list = exported.map((name) => {
    const original = add(entry, name);
    return original === name ? name : `${original} as ${name}`;
  });
  return `${texts.join("\n")}\nexport { ${list.join(", ")} };\n`;
}
