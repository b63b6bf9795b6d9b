/** Knows what a shell script that starts a container ends up with: a loop, the programs it hands over to, or an end. */
import { bodiesOf, type Command, childNodes, type ShellNode, type Statement } from './shell.ts';

export interface EntryScript {
  /** Its last statement never ends by itself: an endless loop, or a wait for what runs in the background. */
  readonly stays: boolean;
  /** Words of the commands it hands over to by `exec`, and of the last one; `"$@"` stands for the arguments. */
  readonly programs: readonly (readonly string[])[];
}

/** What functions hand over to counts as well. */
export function readEntryScript(statements: readonly Statement[]): EntryScript {
  const programs: (readonly string[])[] = [];
  const words = (command: Command) => command.words.map((word) => word.value ?? word.text);
  const visit = (node: ShellNode): void => {
    if (node.kind === 'command') {
      const [name, ...rest] = words(node);
      if (name === 'exec' && rest.length > 0) programs.push(rest);
    }
    for (const child of childNodes(node)) visit(child);
    for (const body of bodiesOf(node)) for (const statement of body) visit(statement.node);
  };
  for (const { node } of statements) visit(node);
  const last = statements.at(-1)?.node;
  if (last?.kind !== 'command') return { stays: last !== undefined && isEndless(last), programs };
  const final = words(last);
  if (final[0] !== 'exec') programs.push(final);
  return { stays: final[0] === 'wait', programs };
}

/** `while true`, `while :`, `until false`, `while sleep 60`. */
function isEndless(node: ShellNode): boolean {
  if (node.kind !== 'loop' || node.keyword === 'for' || node.keyword === 'select') return false;
  const condition = node.condition.at(-1)?.node;
  if (condition?.kind !== 'command') return false;
  const name = condition.words[0]?.value;
  return name !== undefined && (node.keyword === 'until' ? ['false'] : ['true', ':', 'sleep']).includes(name);
}
