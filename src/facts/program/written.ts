/** Knows how syntax is worded: what an expression is called, and which names statements bind. */
import type { Expression, Statement } from './syntax.ts';

/** The words an expression is written with; see `Operand.name`. Of long chains only the last words. */
export function writtenName(expression: Expression, depth = 0): string | undefined {
  if (depth > 12) return undefined;
  switch (expression.kind) {
    case 'name':
      return expression.name;
    case 'this':
      return 'this';
    case 'attr': {
      const of = writtenName(expression.of, depth + 1);
      return of === undefined ? expression.name : `${of}.${expression.name}`;
    }
    case 'item': {
      const of = writtenName(expression.of, depth + 1);
      if (expression.key.kind !== 'const' || typeof expression.key.value !== 'string') return of;
      return of === undefined ? expression.key.value : `${of}.${expression.key.value}`;
    }
    case 'call': {
      const callee = writtenName(expression.callee, depth + 1);
      return callee === undefined ? undefined : `${callee}()`;
    }
    case 'await':
    case 'slice':
      return writtenName(expression.of, depth + 1);
    default:
      return undefined;
  }
}

/** Names that statements bind, nested blocks included, functions and classes excluded. */
export function boundNames(statements: readonly Statement[]): Set<string> {
  const names = new Set<string>();
  const stack: Statement[] = [...statements];
  for (let statement = stack.pop(); statement; statement = stack.pop()) {
    switch (statement.kind) {
      case 'assign':
        for (const target of statement.targets) targetNames(target, names);
        break;
      case 'expression':
        // `rows.append(x)` and `x = y` as expressions change their names too.
        expressionNames(statement.value, names);
        break;
      case 'if':
        stack.push(...statement.body, ...statement.other);
        break;
      case 'loop':
        if (statement.target) targetNames(statement.target, names);
        if (statement.update) expressionNames(statement.update, names);
        stack.push(...statement.body, ...statement.other);
        break;
      case 'try':
        stack.push(...statement.body, ...statement.other, ...statement.final);
        for (const handler of statement.handlers) stack.push(...handler.body);
        break;
      case 'with':
        for (const item of statement.items) if (item.target) targetNames(item.target, names);
        stack.push(...statement.body);
        break;
      case 'match':
        for (const one of statement.cases) stack.push(...one.body);
        break;
      case 'block':
        stack.push(...statement.body);
        break;
      default:
        break;
    }
  }
  return names;
}

function targetNames(target: Expression, names: Set<string>): void {
  if (target.kind === 'name') names.add(target.name);
  else if (target.kind === 'list') for (const item of target.items) targetNames(item, names);
  else if (target.kind === 'dict') for (const [, item] of target.entries) targetNames(item, names);
  else if (target.kind === 'spread') targetNames(target.of, names);
  else if (target.kind === 'defaulted') targetNames(target.target, names);
  else if (target.kind === 'item' && target.of.kind === 'name') names.add(target.of.name);
}

function expressionNames(expression: Expression, names: Set<string>): void {
  if (expression.kind === 'assign') targetNames(expression.target, names);
  else if (expression.kind === 'await') expressionNames(expression.of, names);
  else if (expression.kind === 'sequence') for (const one of expression.of) expressionNames(one, names);
  else if (expression.kind === 'call' && expression.callee.kind === 'attr' && expression.callee.of.kind === 'name') {
    if (/^(?:append|extend|insert|push|add|update|setdefault)$/.test(expression.callee.name))
      names.add(expression.callee.of.name);
  }
}
