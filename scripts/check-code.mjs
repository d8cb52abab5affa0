// Types and typed lint in one process: both ask the same type checker, which has most of its work only once. The same as
// tsc here, in firmware/web and in test/web, and eslint of everything; prints what they would print.
import path from "node:path";
import { ESLint } from "eslint";
import ts from "typescript";
import { ROOT } from "./setup.mjs";

/** The page and its tests are one program: types of a browser, and JSX. */
const PROGRAMS = [["tsconfig.json"], ["firmware/web/tsconfig.json", "test/web/tsconfig.json"]];

const HOST = {
  ...ts.sys,
  onUnRecoverableConfigFileDiagnostic: (/** @type {ts.Diagnostic} */ diagnostic) => {
    throw new Error(ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n"));
  },
};

/** @param {readonly string[]} configs the first one's options count */
function makeProgram(configs) {
  const parsed = configs.flatMap(
    (file) => ts.getParsedCommandLineOfConfigFile(path.join(ROOT, file), undefined, HOST) ?? [],
  );
  const files = [...new Set(parsed.flatMap(({ fileNames }) => fileNames))];
  const options = parsed[0]?.options ?? {};
  const errors = parsed.flatMap((config) => config.errors);
  return { program: ts.createProgram(files, options), files, errors };
}

/**
 * Complaints about the program's own files; what they import from elsewhere is the other program's.
 * @param {ReturnType<typeof makeProgram>} made
 */
function typeErrors({ program, files, errors }) {
  const found = [
    ...errors,
    ...program.getOptionsDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...program.getSyntacticDiagnostics(),
    ...files.flatMap((file) => program.getSemanticDiagnostics(program.getSourceFile(file))),
  ];
  return ts.formatDiagnostics(found, {
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => ROOT,
    getNewLine: () => "\n",
  });
}

/** @param {ReturnType<typeof makeProgram>} made */
async function lintErrors({ program, files }) {
  const parserOptions = { programs: [program], projectService: false };
  const eslint = new ESLint({ cwd: ROOT, overrideConfig: { languageOptions: { parserOptions } } });
  const linted = [];
  for (const file of files) if ((await eslint.calculateConfigForFile(file))?.rules !== undefined) linted.push(file);
  const results = await eslint.lintFiles(linted);
  const formatter = await eslint.loadFormatter("stylish");
  return { count: results.length, text: await formatter.format(results) };
}

let lintedFiles = 0;
let isGood = true;
for (const configs of PROGRAMS) {
  const made = makeProgram(configs);
  const { count, text } = await lintErrors(made);
  lintedFiles += count;
  for (const complaint of [typeErrors(made), text]) {
    if (complaint !== "") isGood = false;
    process.stdout.write(complaint);
  }
}
console.log(`${lintedFiles} files`);
process.exitCode = isGood && lintedFiles > 0 ? 0 : 1;
