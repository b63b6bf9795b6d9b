// Turns a TypeScript file into an ES module for jest, with TypeScript's own transpiler.
import { createHash } from 'node:crypto';
import ts from 'typescript';

const compilerOptions = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.ESNext,
  verbatimModuleSyntax: true,
  inlineSourceMap: true,
};

export default {
  process: (text, fileName) => ({ code: ts.transpileModule(text, { fileName, compilerOptions }).outputText }),
  getCacheKey: (text, fileName) =>
    createHash('sha1')
      .update(`${ts.version}\0${JSON.stringify(compilerOptions)}\0${fileName}\0${text}`)
      .digest('hex'),
};
